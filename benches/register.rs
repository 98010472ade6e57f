//! What the size of the register costs: CPU of a page of fifty seals, listed and searched, with a
//! hundred seals and with a hundred thousand, in one run.

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;

use support::{
    database::Engine,
    people::Cast,
    server::{House, agent, send, send_by},
};

const SEALS: usize = 100_000;
/// Rows of one list.
const LIST: usize = 20_000;
/// Requests of one measurement.
const COUNT: usize = 400;

/// CPU seconds of a process.
fn cpu(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// Takes seals in, from a number to another.
fn import(house: &House, cast: &Cast, from: usize, to: usize) {
    let heading = "uscc,kind,name,code,state,valid_from,valid_until\n".to_owned();
    let list = (from..to).fold(heading, |text, number| {
        text + &format!(
            "11990101MAEXAMPL3B,business,业务专用章第{number}号,OLD-{number:06},,\
             2024-01-01T00:00:00Z,2030-01-01T00:00:00Z\n"
        )
    });
    let key = format!("Bearer {}", cast.registrar);
    let headers = [("authorization", key.as_str()), ("content-type", "text/csv")];
    let reply = send(house.url(), "POST", "/v1/seals/import", &headers, list.as_bytes()).unwrap();
    reply.expect(201);
}

/// Milliseconds of the server's CPU for each of many requests.
fn each(house: &House, cast: &Cast, path: &str) -> f64 {
    let agent = agent();
    let key = format!("Bearer {}", cast.auditor);
    let ask = || {
        let headers = [("authorization", key.as_str())];
        let reply = send_by(&agent, house.url(), "GET", path, &headers, &[]).unwrap();
        assert_eq!(reply.expect(200)["items"].as_array().unwrap().len(), 50, "{path}");
    };
    ask();
    let before = cpu(house.process());
    for _ in 0..COUNT {
        ask();
    }
    (cpu(house.process()) - before) * 1e3 / COUNT as f64
}

fn main() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut house = House::new(engine);
        house.start();
        let cast = Cast::hire(&house);
        let paths = [
            "/v1/seals?limit=50".to_owned(),
            // 专用, which every name has
            "/v1/seals?limit=50&name=%E4%B8%93%E7%94%A8".to_owned(),
            "/v1/seals?limit=50&state=active".to_owned(),
            format!("/v1/seals?limit=50&organization_id={}", cast.organization),
        ];
        import(&house, &cast, 0, 100);
        let small: Vec<f64> = paths.iter().map(|path| each(&house, &cast, path)).collect();
        let mut taken = 100;
        while taken < SEALS {
            let next = (taken + LIST).min(SEALS);
            import(&house, &cast, taken, next);
            taken = next;
        }
        for (path, before) in paths.iter().zip(small) {
            let after = each(&house, &cast, path);
            println!(
                "{engine:?} {path}: {before:.2} ms of CPU at 100 seals, {after:.2} at {SEALS}: \
                 {:.2} x (limit 1.5)",
                after / before
            );
        }
    }
}
