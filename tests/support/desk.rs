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
        let seal = people::granted_dual(&house, &cast);
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

    /// What OpenSSL, GmSSL and an independent reader of OFD say against a file with SM2 signatures.
    pub fn others_find_good(&self, file: &str) {
        let path = self.directory.join("sm2-root.pem");
        let known = self.house.get("", "/.well-known/sealwright").expect(200);
        fs::write(&path, known["root_certificates"][1].as_str().unwrap()).unwrap();
        let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/judge_sm2.py");
        let text = run(python_tool("python").arg(tool).arg(path).arg(self.directory.join(file)));
        assert!(text.contains("\"complaints\": []"), "{text}");
    }

    /// pyHanko finds this many good signatures in a file.
    pub fn pyhanko_finds(&self, file: &str, signatures: usize) {
        let text = run(python_tool("pyhanko")
            .args(["sign", "validate", "--pretty-print", "--trust"])
            .args([&self.root(), &self.directory.join(file)]));
        assert_eq!(text.matches("judged VALID").count(), signatures, "{text}");
    }
}
