//! Where a nation lives: postcodes weighted by the towns around them, and points within them.

use faelled_engine::place::{Gazetteer, Point};

use super::draw::{Draw, Wheel};
use crate::error::SeedError;

/// Share of homes in postcodes where no town's people live.
pub(super) const RURAL: f64 = 0.12;

/// People on a square kilometre of a Danish town, about; gives a town its radius.
const DENSITY: f64 = 2_500.0;
/// The nearest other postcodes; their distance says how large a postcode is.
const NEIGHBOURS: usize = 4;
const KM_PER_DEGREE: f64 = 111.195;

/// A postcode as a place to live.
pub(super) struct Spot {
    pub(super) postal_code: String,
    pub(super) name: String,
    pub(super) municipality: String,
    centre: Point,
    /// Kilometres to the fourth-nearest other postcode: about its extent.
    extent: f64,
    pub(super) rural: bool,
}

/// A home: a postcode and a point within it.
#[derive(Clone, Copy)]
pub(super) struct Home {
    pub(super) spot: usize,
    pub(super) point: (f64, f64),
}

/// All postcodes, and how likely each is.
pub(super) struct Land {
    spots: Vec<Spot>,
    urban: Wheel,
    rural: Option<Wheel>,
}

impl Land {
    /// Each town's population goes to the postcodes within the radius of a disc on which so many
    /// people live (or to the nearest one), by their areas. Postcodes that get none are rural, and
    /// are weighted by area alone.
    pub(super) fn new(gazetteer: &Gazetteer) -> Result<Self, SeedError> {
        let mut spots: Vec<Spot> = gazetteer
            .postcodes()
            .map(|postcode| Spot {
                postal_code: postcode.code.to_string(),
                name: postcode.name.clone(),
                municipality: postcode.municipality.clone(),
                centre: postcode.centre,
                extent: 0.0,
                rural: false,
            })
            .collect();
        let centres: Vec<Point> = spots.iter().map(|spot| spot.centre).collect();
        let twins: Vec<f64> = centres
            .iter()
            .map(|centre| centres.iter().filter(|other| *other == centre).count() as f64)
            .collect();
        for spot in &mut spots {
            let mut distances: Vec<f64> = centres
                .iter()
                .map(|other| spot.centre.metres_to(*other) / 1000.0)
                .filter(|km| *km > 0.001)
                .collect();
            let nth = NEIGHBOURS.min(distances.len()).saturating_sub(1);
            spot.extent = if distances.is_empty() {
                1.0
            } else {
                distances
                    .select_nth_unstable_by(nth, f64::total_cmp)
                    .1
                    .clamp(0.05, 12.0)
            };
        }
        // Postcodes at one point (post boxes, firms) share what one would get there.
        let area = |at: usize, greatest: f64| spots[at].extent.min(greatest).powi(2) / twins[at];
        let mut people = vec![0.0; spots.len()];
        for town in gazetteer.towns().iter().filter(|town| town.population > 0) {
            let radius = (f64::from(town.population) / DENSITY / std::f64::consts::PI).sqrt();
            let distances: Vec<f64> = centres
                .iter()
                .map(|centre| town.point.metres_to(*centre) / 1000.0)
                .collect();
            let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
            let within = radius.max(nearest);
            let inside: Vec<usize> = (0..distances.len())
                .filter(|at| distances[*at] <= within)
                .collect();
            let sum: f64 = inside.iter().map(|at| area(*at, 2.5)).sum();
            for at in inside {
                people[at] += f64::from(town.population) * area(at, 2.5) / sum;
            }
        }
        let rural = Wheel::new(people.iter().enumerate().map(|(at, people)| {
            if *people > 0.0 { 0.0 } else { area(at, 12.0) }
        }));
        let urban = Wheel::new(people.iter().copied());
        for (spot, people) in spots.iter_mut().zip(people) {
            spot.rural = people <= 0.0;
        }
        let urban = urban.ok_or(SeedError::Lacks("postcode with a town near it"))?;
        Ok(Self {
            spots,
            urban,
            rural,
        })
    }

    pub(super) fn spot(&self, at: usize) -> &Spot {
        &self.spots[at]
    }

    /// A home somewhere.
    pub(super) fn home(&self, draw: &mut Draw) -> Home {
        let rural = draw.chance(RURAL);
        let wheel = self.rural.as_ref().filter(|_| rural).unwrap_or(&self.urban);
        let spot = wheel.draw(draw);
        self.within(spot, draw)
    }

    /// Another place in the same postcode: log-normal from its centre, in any direction.
    pub(super) fn within(&self, at: usize, draw: &mut Draw) -> Home {
        let spot = &self.spots[at];
        let extent = if spot.rural {
            spot.extent
        } else {
            spot.extent.min(2.5)
        };
        let km = draw.log_normal(extent * 0.3, 0.6).min(extent);
        let angle = std::f64::consts::TAU * draw.unit();
        let (latitude, longitude) = (spot.centre.latitude(), spot.centre.longitude());
        let north = km * angle.cos() / KM_PER_DEGREE;
        let east = km * angle.sin() / KM_PER_DEGREE / latitude.to_radians().cos();
        let moved = (rounded(latitude + north), rounded(longitude + east));
        let point = if Point::new(moved.0, moved.1).is_ok() {
            moved
        } else {
            (latitude, longitude)
        };
        Home { spot: at, point }
    }
}

/// Five decimals: about a metre.
fn rounded(degrees: f64) -> f64 {
    (degrees * 100_000.0).round() / 100_000.0
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Source, Stream};
    use super::*;

    #[test]
    fn homes_lie_where_people_live_and_not_on_one_point() {
        let catalog = crate::catalog().unwrap();
        let land = Land::new(&catalog.gazetteer).unwrap();
        let mut draw = Source::new(1).draw(Stream::Person, 0);
        let homes: Vec<Home> = (0..20_000).map(|_| land.home(&mut draw)).collect();
        let share = |is: &dyn Fn(&Spot) -> bool| {
            homes.iter().filter(|home| is(land.spot(home.spot))).count() as f64 / 20_000.0
        };
        assert!((share(&|spot| spot.rural) - RURAL).abs() < 0.01);
        // Of 5.4 million people in towns.csv, 285,000 live in Aarhus and 180,000 in Odense.
        assert!((0.03..0.08).contains(&share(&|spot| spot.municipality == "Aarhus")));
        assert!((0.015..0.05).contains(&share(&|spot| spot.municipality == "Odense")));
        assert!((0.004..0.015).contains(&share(&|spot| spot.postal_code == "8800")));
        let mut points: Vec<_> = homes.iter().map(|home| home.point).collect();
        points.sort_by(|a, b| a.partial_cmp(b).unwrap());
        points.dedup();
        assert!(points.len() > 19_500, "{}", points.len());
        let far = homes
            .iter()
            .map(|home| {
                let centre = land.spot(home.spot).centre;
                centre.metres_to(Point::new(home.point.0, home.point.1).unwrap())
            })
            .fold(0.0, f64::max);
        assert!((2_000.0..12_100.0).contains(&far), "{far}");
    }
}
