# The words in English. A municipality can lay its own over them; the keys never change.

# What is wrong with a field
fault-blank = Must be filled in.
fault-too-short = Must have at least { $min } characters.
fault-too-long = May have at most { $max } characters; this has { $got }.
fault-control-characters = Holds control or invisible characters. Write it without them.
fault-out-of-range = Must be a number from { $min } to { $max }.
fault-lasts-too-long = May stretch over at most { $max } days.
fault-outside-years = Must lie in the years { $first }-{ $last }.
fault-outside-denmark = The point is not in Denmark. Latitude must be 54.4-57.9 and longitude 7.9-15.3.
fault-unknown-theme = There is no theme “{ $value }”. The codes are listed in themes.
fault-unknown-target-group = There is no target group “{ $value }”. The codes are listed in targetGroups.
fault-unknown-language = There is no language “{ $value }”. Use two letters of ISO 639-1, such as da or ar.
fault-unknown-postal-code = There is no Danish postcode “{ $value }”.
fault-malformed-rule = “{ $value }” is not a recurrence rule. Write it as in RFC 5545, such as FREQ=WEEKLY;BYDAY=TU.
fault-malformed-local-date-time = “{ $value }” is not a local date and time. Write it as 2026-01-06T14:00, in the years 2020-2100.
fault-malformed-local-date-or-date-time = “{ $value }” is neither a date (2026-12-24) nor a date and time (2026-12-24T14:00).
fault-malformed-time-of-day = “{ $value }” is not a time of the day. Write it as 14:00; a day ends at 24:00.
fault-malformed-duration = “{ $value }” is not a duration. Write it as in ISO 8601, such as PT2H.
fault-malformed-postal-code = “{ $value }” is not a postcode. It has four digits.
fault-malformed-url = “{ $value }” is not a web address. It begins with https:// or http://.
fault-malformed-email = “{ $value }” is not an e-mail address.
fault-malformed-phone = “{ $value }” is not a phone number. Use 8-15 digits, with + and spaces if you like.
fault-malformed-cvr = “{ $value }” is not a CVR number. It has eight digits.
fault-end-before-start = Must lie after the start.
fault-never-occurs = The rule never occurs in its first five years.
fault-too-frequent = The rule occurs more than { $max } times a day.
fault-already-over = Nothing of it lies ahead within twelve months.
fault-too-far-ahead = May lie at most { $max } days ahead.
fault-too-many = At most { $max }; this has { $got }.
fault-repeated = “{ $value }” stands there twice.
fault-exactly-one-of = Give exactly one of { $fields }.
fault-needs = Needs { $other } as well.
fault-greater-than = Must not be greater than { $other }.
fault-unknown-municipality = There is no Danish municipality with the code “{ $value }”. It has four digits, such as 0791.
fault-unreadable-phone = Cannot be read as a phone number. Write eight digits, or + and the country code for a foreign number.
fault-unreadable-birth-date = Cannot be read as a birth date. Write all four digits of the year, such as 12-03-1941.
fault-unreadable-name = Cannot be read as a name. Write first name and surname, without digits.
fault-unreadable-address = Cannot be read as an address. Write street and house number, such as Vestergade 12, 2. tv.
fault-date-out-of-range = The date must lie from { $first } to { $last }.
fault-nobody-named = A visit must name somebody. Give a phone number, or two of: full name, birth date, address.
fault-cpr-like = Looks like a CPR number. It must not stand here.
fault-phone-like = Looks like a phone number. Write times as 14:00, and leave phone numbers out.
fault-identifies = Gives away who the citizen is: it repeats what { $field } says.

# Why something cannot be done
refused-not-found = There is no such thing, or it is not yours.
refused-stale-version = Somebody has changed it meanwhile. Fetch it again (version { $current }) and try anew.
refused-capacity-full = There are no places left.
refused-wrong-state = That cannot be done as things stand.
refused-key-reused = This key has been used for something else. Use a new idempotencyKey.
refused-key-malformed = An idempotencyKey is 1-128 visible characters.
refused-own-listing = This is your own listing.
refused-already-matched = The two of you are already in touch about this.
refused-not-a-pair = These two listings cannot be a pair: an offer meets a need or a wish.
refused-not-a-wish = Only wishes can be supported.
refused-not-the-counterparts = Your own listing was not posted by the one you propose for. Leave out onBehalfOf.
refused-not-open = The listing is not open.
refused-not-verified = No volunteer house has verified the organization yet; only verified ones register visits.
refused-not-declared = Confirm that the citizen knows of the visits and agrees (citizenAgrees).
refused-already-logged = A visit that began then is logged already.
refused-budget-spent = Today's { $budget } questions for this organization are used up. Try again tomorrow.

# Why a whole request cannot be answered
error-bad-input = The request cannot be answered as it stands.
error-first-and-last = Use either first or last, not both.
error-page-size = { $argument } must be 1-{ $max }.
error-search = Look for at most { $max } words and 200 characters without control characters, and { $max } kinds.
error-cursor = { $argument } is not a cursor of this list with this filter and order, or it is more than an hour old.
error-unauthenticated = Sign in first.
error-fell-behind = You fell behind. Subscribe again.
error-busy = Busy. Try again in a moment.
error-internal = Something went wrong on our side.

# Why two listings fit
reason-theme-same = you share the theme { $theme }
reason-theme-near = { $ours } and { $theirs } belong together
reason-distance = { $km } km from you
reason-distance-same-postcode = in the same postcode as you
reason-distance-coarse = about { $km } km from you
reason-distance-near = less than 100 m from you
reason-time-weekly = { $weekday } { $from }-{ $to }
reason-time-other = on { $date } { $from }-{ $to }
reason-time-long = from { $date }
reason-language = you both speak { $languages }
reason-no-language = no language in common is stated
reason-no-hurry = there is no hurry
reason-urgency-begun = it is under way
reason-urgency = it is { $days ->
    [0] today
    [one] tomorrow
   *[other] in { $days } days
}
reason-expiry = the listing expires { $days ->
    [0] today
    [one] tomorrow
   *[other] in { $days } days
}
reason-freshness = confirmed { $days ->
    [0] less than a day
    [one] 1 day
   *[other] { $days } days
} ago
reason-remote = it can be done from home
reason-by-agreement = you agree on the time

weekday-0 = Mondays
weekday-1 = Tuesdays
weekday-2 = Wednesdays
weekday-3 = Thursdays
weekday-4 = Fridays
weekday-5 = Saturdays
weekday-6 = Sundays

language-da = Danish
language-en = English
language-ar = Arabic
language-uk = Ukrainian
language-tr = Turkish
language-pl = Polish
language-so = Somali
language-de = German
language-fa = Persian
language-ur = Urdu
language-ti = Tigrinya
language-fr = French
language-es = Spanish
and = and

# Overlaps
overlap-same-citizen-side = Another association visits the same citizen close in time. The volunteer house can help you find each other.
overlap-same-citizen = Two associations visit the same citizen close in time.
overlap-parallel-activities = Two associations offer the same to the same people, near each other and on the same day.
overlap-duplicate-listings = Two listings say the same.
overlap-reason-same-time = { $times } of { $of } times take place at the same time
overlap-reason-minutes-apart = { $minutes } minutes lie between them where they come closest
overlap-reason-hours-apart = { $hours } hours lie between them where they come closest
overlap-reason-same-day = They take place on the same day { $dates } times
overlap-reason-close-times = { $times } of { $of } times are close to one of the other's
overlap-reason-by-agreement = Both are by agreement
overlap-reason-distance = { $km } km lie between them
overlap-reason-remote = Both are remote
overlap-reason-theme = Both have the theme { $theme }
overlap-reason-target-groups = Both are for { $groups }
overlap-reason-text = Their texts are { $percent } % alike
