# Ordene på dansk. En kommune kan lægge sine egne over dem; nøglerne ændres aldrig.

# Hvad der er galt med et felt
fault-blank = Skal udfyldes.
fault-too-short = Skal være på mindst { $min } tegn.
fault-too-long = Må højst være på { $max } tegn; her er der { $got }.
fault-control-characters = Indeholder styretegn eller usynlige tegn. Skriv det uden.
fault-out-of-range = Skal være et tal fra { $min } til { $max }.
fault-lasts-too-long = Må højst strække sig over { $max } dage.
fault-outside-years = Skal ligge i årene { $first }-{ $last }.
fault-outside-denmark = Punktet ligger ikke i Danmark. Breddegraden skal være 54,4-57,9 og længdegraden 7,9-15,3.
fault-unknown-theme = Temaet »{ $value }« findes ikke. Koderne står i themes.
fault-unknown-target-group = Målgruppen »{ $value }« findes ikke. Koderne står i targetGroups.
fault-unknown-language = Sproget »{ $value }« findes ikke. Brug to bogstaver som i ISO 639-1, for eksempel da eller ar.
fault-unknown-postal-code = Postnummeret »{ $value }« findes ikke i Danmark.
fault-malformed-rule = »{ $value }« er ikke en gentagelsesregel. Skriv den som i RFC 5545, for eksempel FREQ=WEEKLY;BYDAY=TU.
fault-malformed-local-date-time = »{ $value }« er ikke en dansk dato og tid. Skriv den som 2026-01-06T14:00, i årene 2020-2100.
fault-malformed-local-date-or-date-time = »{ $value }« er hverken en dato (2026-12-24) eller en dato og tid (2026-12-24T14:00).
fault-malformed-time-of-day = »{ $value }« er ikke et klokkeslæt. Skriv det som 14:00; dagen slutter 24:00.
fault-malformed-duration = »{ $value }« er ikke en varighed. Skriv den som i ISO 8601, for eksempel PT2H.
fault-malformed-postal-code = »{ $value }« er ikke et postnummer. Det er fire cifre.
fault-malformed-url = »{ $value }« er ikke en webadresse. Den begynder med https:// eller http://.
fault-malformed-email = »{ $value }« er ikke en e-mailadresse.
fault-malformed-phone = »{ $value }« er ikke et telefonnummer. Brug 8-15 cifre, gerne med + og mellemrum.
fault-malformed-cvr = »{ $value }« er ikke et CVR-nummer. Det er otte cifre.
fault-end-before-start = Skal ligge efter begyndelsen.
fault-never-occurs = Reglen giver ingen gange i sine første fem år.
fault-too-frequent = Reglen giver mere end { $max } gange på et døgn.
fault-already-over = Der er intet af det, der ligger forude inden for tolv måneder.
fault-too-far-ahead = Må højst ligge { $max } dage frem.
fault-too-many = Højst { $max }; her er der { $got }.
fault-repeated = »{ $value }« står der to gange.
fault-exactly-one-of = Angiv netop én af { $fields }.
fault-needs = Kræver også { $other }.
fault-greater-than = Må ikke være større end { $other }.
fault-unknown-municipality = Der er ingen dansk kommune med koden »{ $value }«. Koden er fire cifre, for eksempel 0791.
fault-unreadable-phone = Kan ikke læses som et telefonnummer. Skriv otte cifre, eller + og landekode for udenlandske numre.
fault-unreadable-birth-date = Kan ikke læses som en fødselsdato. Skriv den med alle fire cifre i årstallet, for eksempel 12-03-1941.
fault-unreadable-name = Kan ikke læses som et navn. Skriv fornavn og efternavn uden tal.
fault-unreadable-address = Kan ikke læses som en adresse. Skriv vejnavn og husnummer, for eksempel Vestergade 12, 2. tv.
fault-date-out-of-range = Datoen skal ligge fra { $first } til { $last }.
fault-nobody-named = Et besøg skal gælde nogen. Angiv telefonnummer, eller to af: fulde navn, fødselsdato, adresse.
fault-cpr-like = Ligner et CPR-nummer. Det må ikke stå her.
fault-phone-like = Ligner et telefonnummer. Skriv klokkeslæt som 14:00, og lad telefonnumre være ude.
fault-identifies = Røber, hvem borgeren er: her står det samme som i { $field }.

# Hvorfor noget ikke kan lade sig gøre
refused-not-found = Det findes ikke, eller det er ikke jeres.
refused-stale-version = Nogen har ændret det i mellemtiden. Hent det igen (version { $current }) og prøv på ny.
refused-capacity-full = Der er ikke flere pladser.
refused-wrong-state = Det kan ikke lade sig gøre, som det står nu.
refused-key-reused = Nøglen er allerede brugt til noget andet. Brug en ny idempotencyKey.
refused-key-malformed = En idempotencyKey er 1-128 synlige tegn.
refused-own-listing = Det er jeres eget opslag.
refused-already-matched = I er allerede i gang med hinanden.
refused-not-a-pair = De to opslag kan ikke være et par: et tilbud mødes med et behov eller et ønske.
refused-not-a-wish = Kun ønsker kan støttes.
refused-not-the-counterparts = Jeres eget opslag er ikke slået op af den, som I foreslår for. Udelad onBehalfOf.
refused-not-open = Opslaget er ikke åbent.
refused-not-verified = Foreningen er ikke godkendt af et frivilligcenter endnu; kun godkendte foreninger registrerer besøg.
refused-not-declared = Bekræft, at borgeren kender til besøgene og er indforstået (citizenAgrees).
refused-already-logged = Et besøg, der begyndte på det tidspunkt, er allerede noteret.
refused-budget-spent = Dagens { $budget } spørgsmål for foreningen er brugt. Prøv igen i morgen.

# Hvorfor et helt spørgsmål ikke kan besvares
error-bad-input = Spørgsmålet kan ikke besvares, som det er stillet.
error-first-and-last = Brug enten first eller last, ikke begge.
error-page-size = { $argument } skal være 1-{ $max }.
error-search = Søg på højst { $max } ord og 200 tegn, uden styretegn, og i højst { $max } slags.
error-cursor = { $argument } er ikke en markør fra denne liste med dette filter og denne orden, eller den er over en time gammel.
error-unauthenticated = Log ind først.
error-fell-behind = Du kom bagud. Abonnér igen.
error-busy = Der er travlt. Prøv igen om lidt.
error-internal = Noget gik galt hos os.

# Hvorfor to opslag passer sammen
reason-theme-same = I har temaet { $theme } til fælles
reason-theme-near = { $ours } og { $theirs } hører sammen
reason-distance = { $km } km fra dig
reason-distance-same-postcode = i samme postnummer som dig
reason-distance-coarse = omkring { $km } km fra dig
reason-distance-near = under 100 m fra dig
reason-time-weekly = { $weekday } kl. { $from }-{ $to }
reason-time-other = den { $date } kl. { $from }-{ $to }
reason-time-long = fra den { $date }
reason-language = I taler begge { $languages }
reason-no-language = I har ikke angivet et fælles sprog
reason-no-hurry = det haster ikke
reason-urgency-begun = det er i gang
reason-urgency = det er { $days ->
    [0] i dag
    [one] i morgen
   *[other] om { $days } dage
}
reason-expiry = opslaget udløber { $days ->
    [0] i dag
    [one] i morgen
   *[other] om { $days } dage
}
reason-freshness = bekræftet for { $days ->
    [0] under en dag
    [one] 1 dag
   *[other] { $days } dage
} siden
reason-remote = det kan klares hjemmefra
reason-by-agreement = tiden aftaler I

weekday-0 = mandage
weekday-1 = tirsdage
weekday-2 = onsdage
weekday-3 = torsdage
weekday-4 = fredage
weekday-5 = lørdage
weekday-6 = søndage

language-da = dansk
language-en = engelsk
language-ar = arabisk
language-uk = ukrainsk
language-tr = tyrkisk
language-pl = polsk
language-so = somali
language-de = tysk
language-fa = farsi
language-ur = urdu
language-ti = tigrinya
language-fr = fransk
language-es = spansk
and = og

# Overlap
overlap-same-citizen-side = En anden forening besøger den samme borger tæt på i tid. Frivilligcentret kan hjælpe jer med at finde hinanden.
overlap-same-citizen = To foreninger besøger den samme borger tæt på hinanden i tid.
overlap-parallel-activities = To foreninger tilbyder det samme til de samme mennesker, tæt på hinanden og på samme dag.
overlap-duplicate-listings = To opslag siger det samme.
overlap-reason-same-time = { $times } af { $of } gange foregår på samme tid
overlap-reason-minutes-apart = Der er { $minutes } minutter imellem, hvor de kommer tættest
overlap-reason-hours-apart = Der er { $hours } timer imellem, hvor de kommer tættest
overlap-reason-same-day = De foregår på samme dag { $dates } gange
overlap-reason-close-times = { $times } af { $of } gange ligger tæt på en af den andens
overlap-reason-by-agreement = Begge er efter aftale
overlap-reason-distance = Der er { $km } km imellem
overlap-reason-remote = Begge er uden fremmøde
overlap-reason-theme = Begge har temaet { $theme }
overlap-reason-target-groups = Begge er for { $groups }
overlap-reason-text = Teksterne ligner hinanden { $percent } %
