//! Wires the function up: settings, clients, loop.

use bid_intake::config::Config;
use bid_intake::{Deps, describe, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::telemetry::Telemetry;
use gatehouse_core::{aws, function};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::init("bid_intake")?;
    describe();
    let deps = deps().await.inspect_err(|error| {
        tracing::error!(reason = "not-started", "{error}");
    })?;
    let (log, flags) = (deps.log.clone(), deps.flags.clone());
    function::warm_up(async move {
        tokio::join!(log.warm_up(), flags.warm_up());
    });

    function::run(telemetry, |event| handle(&deps, event)).await
}

async fn deps() -> Result<Deps, Error> {
    let config = Config::read(Environment::of_process())?;
    Ok(Deps::new(config, &aws::config())?)
}
