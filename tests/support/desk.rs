//! A running service with a seal that its caller may use, and a folder to work in.

use std::{fs, path::PathBuf};

use super::{
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, send},
};

pub struct Desk {
    pub house: House,
    pub cast: Cast,
    pub seal: String,
    pub directory: PathBuf,
}

impl Desk {
    pub fn new() -> Self {
        let mut house = House::new(Engine::Sqlite);
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::granted(&house, &cast);
        let directory = house.token.directory.path().join("desk");
        fs::create_dir(&directory).unwrap();
        Self { house, cast, seal, directory }
    }

    /// The root above the service's seals, in a file.
    pub fn root(&self) -> PathBuf {
        let path = self.directory.join("root.pem");
        let known = send(self.house.url(), "GET", "/.well-known/sealwright", &[], &[]);
        let known = known.unwrap().expect(200);
        fs::write(&path, known["root_certificates"][0].as_str().unwrap()).unwrap();
        path
    }

    /// pyHanko finds this many good signatures in a file.
    pub fn pyhanko_finds(&self, file: &str, signatures: usize) {
        let text = run(python_tool("pyhanko")
            .args(["sign", "validate", "--pretty-print", "--trust"])
            .args([&self.root(), &self.directory.join(file)]));
        assert_eq!(text.matches("judged VALID").count(), signatures, "{text}");
    }
}
