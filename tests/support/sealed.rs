//! A document that the service sealed, and everybody around it.

use super::{
    database::Engine,
    people::{self, Cast},
    server::House,
};

pub struct Sealed {
    pub house: House,
    pub cast: Cast,
    pub seal: String,
    pub file: Vec<u8>,
    pub record: String,
}

/// Seals the sample licence in a new house.
pub fn sealed() -> Sealed {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let reply = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    let record = reply.header("location").unwrap().to_owned();
    Sealed { house, cast, seal, file: reply.body, record }
}
