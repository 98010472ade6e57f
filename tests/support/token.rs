//! Private tokens: SoftHSM and our own test double.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

/// Where Debian puts the SoftHSM module.
pub const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token for one test, with what the configuration needs to know of it.
pub struct TestToken {
    pub directory: TempDir,
    pub module: PathBuf,
    pub label: String,
    pub pin_file: PathBuf,
    /// Environment variables that the module reads.
    pub environment: Vec<(String, String)>,
    pub has_sm2: bool,
}

impl TestToken {
    /// A fresh SoftHSM token in a directory of its own.
    pub fn softhsm() -> Self {
        let directory = TempDir::new().unwrap();
        let conf = directory.path().join("softhsm2.conf");
        let tokens = directory.path().join("tokens");
        fs::create_dir(&tokens).unwrap();
        fs::write(
            &conf,
            format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
                tokens.display()
            ),
        )
        .unwrap();
        let token = Self::new(
            directory,
            SOFTHSM.into(),
            "sealwright-test",
            ("SOFTHSM2_CONF", &conf),
            false,
        );
        token.init_softhsm();
        token
    }

    /// How many objects the SoftHSM token holds.
    pub fn objects(&self) -> usize {
        let directory = self.directory.path();
        let find = format!("find {} -name '*.object' | wc -l", directory.display());
        super::run(Command::new("bash").args(["-c", &find])).trim().parse().unwrap()
    }

    /// Initialises the SoftHSM token anew, which also destroys one that is there.
    pub fn init_softhsm(&self) {
        let tokens = self.directory.path().join("tokens");
        fs::remove_dir_all(&tokens).unwrap();
        fs::create_dir(&tokens).unwrap();
        let status = Command::new("softhsm2-util")
            .args([
                "--init-token",
                "--free",
                "--label",
                &self.label,
                "--pin",
                "1234",
                "--so-pin",
                "5678",
            ])
            .envs(self.environment.iter().cloned())
            .output()
            .expect("scripts/install.sh installs softhsm2-util");
        assert!(status.status.success(), "{status:?}");
    }

    /// Our own module, which misbehaves on command.
    pub fn double() -> Self {
        static MODULE: OnceLock<PathBuf> = OnceLock::new();
        let module = MODULE.get_or_init(|| {
            let binary = Path::new(env!("CARGO_BIN_EXE_sealwright"));
            let built = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--locked", "-p", "sealwright-test-token"])
                .status()
                .unwrap();
            assert!(built.success());
            binary.parent().unwrap().join("libsealwright_test_token.so")
        });
        let directory = TempDir::new().unwrap();
        let path = directory.path().to_owned();
        Self::new(
            directory,
            module.clone(),
            "sealwright TEST DOUBLE",
            ("SEALWRIGHT_TEST_TOKEN_DIR", &path),
            true,
        )
    }

    fn new(
        directory: TempDir,
        module: PathBuf,
        label: &str,
        environment: (&str, &Path),
        has_sm2: bool,
    ) -> Self {
        let pin_file = directory.path().join("pin");
        fs::write(&pin_file, "1234\n").unwrap();
        let environment = vec![(environment.0.to_owned(), environment.1.display().to_string())];
        Self { directory, module, label: label.to_owned(), pin_file, environment, has_sm2 }
    }

    /// Gives the double its commands; an empty text ends them.
    pub fn control(&self, commands: &str) {
        let path = self.directory.path().join("control");
        let new = path.with_extension("new");
        fs::write(&new, commands).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Lets modules in this very process find their files. Every test that calls it runs in a
    /// process of its own under nextest.
    pub fn adopt(&self) {
        for (name, value) in &self.environment {
            #[expect(unsafe_code, reason = "PKCS#11 modules read their place from the environment")]
            // SAFETY: the test has not started a thread yet.
            unsafe {
                std::env::set_var(name, value);
            }
        }
    }

    /// The `[token]` section for this token.
    pub fn toml(&self) -> String {
        let mut text = format!(
            "module = {:?}\nlabel = {:?}\nsessions = 4\ndeadline_ms = 5000\nprobe_interval_ms = 200\npin = {{ from = \"file\", path = {:?} }}\n",
            self.module.display().to_string(),
            self.label,
            self.pin_file.display().to_string(),
        );
        if self.has_sm2 {
            text.push_str("sm2 = { key_type = 0x80000004, generate = 0x80008001, sign = 0x80008105, signature = \"raw\" }\n");
        }
        text
    }

    /// The parsed section, after the environment was adopted.
    pub fn config(&self) -> sealwright::devices::pkcs11::TokenConfig {
        self.adopt();
        toml::from_str(&self.toml()).unwrap()
    }
}
