//! Each call to AWS is a subsegment, and carries the tracing header on.

use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::document::{Aws, Document};
use super::place::{Place, Step};

/// Where services look for a trace. S3, SQS and EventBridge hand it on with the events and messages that a call causes.
const HEADER: &str = "x-amzn-trace-id";
/// Where services say which request it was.
const REQUEST_ID: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

/// An interceptor that makes a subsegment of each call: its service, operation, status, tries and time. What was asked for,
/// and what was answered, it does not look at. Clients get it by [`client!`](crate::client).
#[derive(Debug, Clone, Copy, Default)]
pub struct AwsCalls;

/// A call on its way, all tries of it.
#[derive(Debug)]
struct Call {
    header: String,
    /// None if it is not written, or is written already.
    step: Mutex<Option<Step>>,
}

impl Call {
    fn at(place: &Place) -> Self {
        let step = Step::call(place);
        let id = step.as_ref().map(|step| step.document.id);
        Self {
            header: place.header(id.or(place.parent)),
            step: Mutex::new(step),
        }
    }

    fn take(&self) -> Option<Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Call {
    /// Nobody waits for it any more, and its end will not be known.
    fn drop(&mut self) {
        if let Some(mut step) = self.take() {
            step.document.fault = true;
            step.end();
        }
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for AwsCalls {
    fn name(&self) -> &'static str {
        "AwsCalls"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(place) = Place::here() {
            call.interceptor_state().store_put(Call::at(&place));
        }
        Ok(())
    }

    // The SDK's own interceptor would put the invocation's header here, but leaves one alone that is there; a signature does
    // not cover it.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = call.load::<Call>() {
            // A header that can't be sent is none: the call goes on without it.
            let _ = context
                .request_mut()
                .headers_mut()
                .try_insert(HEADER, call.header.clone());
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(mut step) = call.load::<Call>().and_then(Call::take) {
            describe(&mut step.document, context, call);
            step.end();
        }
        Ok(())
    }
}

fn describe(document: &mut Document, context: &FinalizerInterceptorContextRef<'_>, call: &ConfigBag) {
    let response = context.response();
    let mut aws = Aws {
        retries: call
            .load::<RequestAttempts>()
            .map_or(0, |tries| tries.attempts().saturating_sub(1)),
        ..Aws::default()
    };
    if let Some(metadata) = call.load::<Metadata>() {
        document.name = metadata.service().to_owned();
        aws.operation = metadata.name().to_owned();
    }
    if let Some(response) = response {
        let request_id = REQUEST_ID.iter().find_map(|name| response.headers().get(name));
        aws.request_id = request_id.map(str::to_owned);
        document.answered(response.status().as_u16());
    }
    document.aws = Some(aws);
    // No answer, or one that was no use.
    let failed = !matches!(context.output_or_error(), Some(Ok(_)));
    document.fault |= failed && !document.error;
}
