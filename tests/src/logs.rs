//! A function's log group.

use aws_config::SdkConfig;

/// The log group of one function.
pub struct Logs {
    client: aws_sdk_cloudwatchlogs::Client,
    group: String,
}

impl Logs {
    /// The group of this name.
    pub fn of(aws: &SdkConfig, group: &str) -> Self {
        let client = aws_sdk_cloudwatchlogs::Client::new(aws);
        let group = group.to_owned();
        Self { client, group }
    }

    /// All lines that hold this text, or all; in no order.
    pub async fn lines(&self, text: &str) -> Vec<String> {
        let request = self.client.filter_log_events().log_group_name(&self.group);
        let pattern = (!text.is_empty()).then(|| format!("\"{text}\""));
        let mut pages = request.set_filter_pattern(pattern).into_paginator().send();
        let mut lines = Vec::new();
        while let Some(page) = pages.next().await {
            let events = page.expect("log events").events.unwrap_or_default();
            lines.extend(events.into_iter().filter_map(|event| event.message));
        }
        lines
    }

    /// How often the function was invoked: Lambda begins each invocation with a line of its own.
    pub async fn invocations(&self) -> usize {
        let lines = self.lines("START RequestId").await;
        lines
            .iter()
            .filter(|line| line.starts_with("START RequestId: "))
            .count()
    }
}
