//! A document that the service sealed, and everybody around it.

use serde_json::json;

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

impl Sealed {
    /// Revokes the seal, as its owner wishes.
    pub fn revoke(&self) {
        let application = json!({ "organization_id": self.cast.organization, "kind": "revoke",
            "cause": "own-wish", "seal_id": self.seal, "reason": "x" });
        let application = people::approved(&self.house, &self.cast, &application);
        let body = json!({ "reason": "x", "application_id": application["id"] });
        let path = format!("/v1/seals/{}/revoke", self.seal);
        self.house.post(&self.cast.registrar, &path, &body).expect(200);
    }
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
