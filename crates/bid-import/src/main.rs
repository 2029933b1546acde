//! Wires the function up: settings, clients, loop.

use bid_import::config::Config;
use bid_import::{Deps, describe, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::telemetry::Telemetry;
use gatehouse_core::{aws, function};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::init("bid_import")?;
    describe();
    let deps = deps().await.inspect_err(|error| {
        tracing::error!(reason = "not-started", "{error}");
    })?;
    let (bucket, log, name) = (deps.bucket.clone(), deps.log.clone(), deps.config.import_bucket.clone());
    function::warm_up(async move {
        tokio::join!(bucket.warm_up(&name), log.warm_up());
    });

    function::run(telemetry, |event| handle(&deps, event)).await
}

async fn deps() -> Result<Deps, Error> {
    let config = Config::read(Environment::of_process())?;
    Ok(Deps::new(config, &aws::config()))
}
