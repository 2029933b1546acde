//! Which detector looks at which photo: the one that was deployed, unless a flag says another.

use gatehouse_core::flags;

use super::{Detector, Embedded, Rekognition};
use crate::config::DetectorChoice;

/// The detectors that a function has.
#[derive(Debug, Clone)]
pub struct Detectors {
    /// `DETECTOR`
    pub deployed: DetectorChoice,
    /// The model inside of the function.
    pub embedded: Embedded,
    /// Amazon Rekognition.
    pub rekognition: Rekognition,
}

impl Detectors {
    /// The detector for a photo of which the flag `detector` says this.
    pub fn chosen(&self, flag: flags::Detector) -> Detector {
        let choice = choice(self.deployed, flag);
        Detector::new(choice, self.embedded.clone(), self.rekognition.clone())
    }
}

/// A function that was deployed with the embedded detector has no permission to ask Rekognition: a flag that says so would
/// have every photo fail. It says nothing then.
fn choice(deployed: DetectorChoice, flag: flags::Detector) -> DetectorChoice {
    let wanted = match flag {
        flags::Detector::AsDeployed => return deployed,
        flags::Detector::Embedded => return DetectorChoice::Embedded,
        flags::Detector::Both => DetectorChoice::Both,
        flags::Detector::Rekognition => DetectorChoice::Rekognition,
        flags::Detector::Fallback => DetectorChoice::Fallback,
    };
    if deployed == DetectorChoice::Embedded {
        tracing::warn!(
            reason = "flag-without-permission",
            "deployed without Rekognition: the embedded detector looks"
        );
        return deployed;
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_degrades_the_detector_and_never_asks_for_one_that_is_not_allowed() {
        use flags::Detector::{AsDeployed, Both, Embedded, Fallback, Rekognition};
        for flag in [AsDeployed, Both, Embedded, Fallback, Rekognition] {
            assert_eq!(choice(DetectorChoice::Embedded, flag), DetectorChoice::Embedded);
        }
        let rekognition = |flag| choice(DetectorChoice::Rekognition, flag);
        assert_eq!(rekognition(AsDeployed), DetectorChoice::Rekognition);
        assert_eq!(rekognition(Fallback), DetectorChoice::Fallback);
        assert_eq!(rekognition(Embedded), DetectorChoice::Embedded);
        assert_eq!(rekognition(Both), DetectorChoice::Both);
    }
}
