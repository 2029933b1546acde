//! Where the Parameter Store is, in the order in which the SDK's own clients look for their services.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

const SERVICE: &str = "SSM";

/// The endpoint of this service alone (`AWS_ENDPOINT_URL_SSM`), that of all services, or that of the region ("Service-specific
/// endpoints" in the AWS SDKs and Tools Reference Guide).
pub(super) fn endpoint(aws: &SdkConfig) -> String {
    let of_all = || aws.endpoint_url().map(ToOwned::to_owned);
    of_this_service(aws).or_else(of_all).unwrap_or_else(|| of_region(aws))
}

fn of_this_service(aws: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(SERVICE)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url");
    aws.service_config()?.load_config(key.build().ok()?)
}

/// "AWS Systems Manager endpoints and quotas" in the AWS General Reference, and the rules of the service's model. In GovCloud,
/// the usual endpoint is the FIPS endpoint too.
fn of_region(aws: &SdkConfig) -> String {
    let region = aws.region().map_or("", |region| region.as_ref());
    let (fips, dual_stack) = (aws.use_fips() == Some(true), aws.use_dual_stack() == Some(true));
    let by_another_name = fips && (dual_stack || !region.starts_with("us-gov-"));
    let host = if by_another_name { "ssm-fips" } else { "ssm" };
    let suffix = match (region.starts_with("cn-"), dual_stack) {
        (false, false) => "amazonaws.com",
        (false, true) => "api.aws",
        (true, false) => "amazonaws.com.cn",
        (true, true) => "api.amazonwebservices.com.cn",
    };
    format!("https://{host}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::sdk_config::Builder;
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    /// What an environment with `AWS_ENDPOINT_URL_SSM` says.
    #[derive(Debug)]
    struct OfTheStore;

    impl LoadServiceConfig for OfTheStore {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == SERVICE && key.env() == "AWS_ENDPOINT_URL").then(|| "http://store".to_owned())
        }
    }

    fn of(region: &'static str) -> Builder {
        SdkConfig::builder().region(Region::new(region))
    }

    #[test]
    fn what_is_said_of_this_service_goes_before_what_is_said_of_all_and_that_before_the_region() {
        let region = of("eu-west-1").build();
        let all = region.to_builder().endpoint_url("http://all").build();
        let store = all.to_builder().service_config(OfTheStore).build();
        assert_eq!(endpoint(&store), "http://store");
        assert_eq!(endpoint(&all), "http://all");
        assert_eq!(endpoint(&region), "https://ssm.eu-west-1.amazonaws.com");
    }

    #[test]
    fn each_region_has_the_endpoints_that_aws_documents() {
        for (region, fips, dual_stack, expected) in [
            ("cn-north-1", false, false, "ssm.cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", false, true, "ssm.cn-north-1.api.amazonwebservices.com.cn"),
            ("us-east-1", true, false, "ssm-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "ssm.us-east-1.api.aws"),
            ("us-east-1", true, true, "ssm-fips.us-east-1.api.aws"),
            ("us-gov-west-1", true, false, "ssm.us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, true, "ssm-fips.us-gov-west-1.api.aws"),
        ] {
            let aws = of(region).use_fips(fips).use_dual_stack(dual_stack).build();
            assert_eq!(endpoint(&aws), format!("https://{expected}"));
        }
    }
}
