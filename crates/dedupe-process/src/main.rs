//! Wires the function up: settings, clients, model, loop.

use dedupe_process::config::Config;
use dedupe_process::{Deps, describe, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::telemetry::Telemetry;
use gatehouse_core::{aws, function};
use gatehouse_photo::detector::Embedded;
use lambda_runtime::Error;

// One thread drives all calls; pictures are computed on threads of their own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::init("dedupe_process")?;
    describe();
    let deps = deps().await.inspect_err(|error| {
        tracing::error!(reason = "not-started", "{error}");
    })?;
    let (bucket, ledger, gate) = (deps.bucket.clone(), deps.ledger.clone(), deps.gate.clone());
    function::warm_up(async move {
        tokio::join!(bucket.warm_up(), ledger.warm_up(), gate.warm_up());
    });

    function::run(telemetry, |event| handle(&deps, event)).await
}

async fn deps() -> Result<Deps, Error> {
    let config = Config::read(Environment::of_process())?;
    let embedded = Embedded::load(config.photos.model()?)?;
    Ok(Deps::new(config, &aws::config(), embedded))
}
