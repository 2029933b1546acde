//! Streams of events on DynamoDB: appended at an expected version, read whole.
