//! What is in a bucket.

use aws_sdk_s3::Client;

/// The bytes of an object; None if there is none.
pub(crate) async fn file(s3: &Client, bucket: &str, key: &str) -> Option<Vec<u8>> {
    let object = s3.get_object().bucket(bucket).key(key).send().await.ok()?;
    Some(object.body.collect().await.unwrap().to_vec())
}

/// The keys that start so, in their order, each as often as it has versions.
pub(crate) async fn versions(s3: &Client, bucket: &str, prefix: &str) -> Vec<String> {
    let request = s3.list_object_versions().bucket(bucket).prefix(prefix);
    let list = request.max_keys(1000).send().await.unwrap();
    assert_ne!(list.is_truncated, Some(true), "one page holds what a test publishes");
    let versions = list.versions.unwrap_or_default().into_iter();
    let mut keys: Vec<String> = versions.filter_map(|version| version.key).collect();
    keys.sort();
    keys
}
