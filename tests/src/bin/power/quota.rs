//! A share of a processor, as Lambda gives it with memory: a control group with a quota.
//!
//! "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda developer guide, "Configure Lambda function memory"), and
//! less or more in proportion. So M MB are M/1769 of one processor of this machine: of every period, the function's threads
//! may run for that part together, and then they stand still until the next one begins.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// MB that come with one virtual processor.
const ONE_PROCESSOR: u32 = 1769;
/// Microseconds. Short, so that the share is a share also for work of some milliseconds; the kernel's own default is 100,000.
const PERIOD: u32 = 20_000;

/// A control group of our own. It is gone when this is dropped, provided that its processes are.
pub struct Quota {
    folder: PathBuf,
    version: Version,
    launchers: tempfile::TempDir,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    /// `cpu.max` (the kernel's `admin-guide/cgroup-v2`, "CPU Interface Files").
    Two,
    /// `cpu.cfs_quota_us` (the kernel's `scheduler/sched-bwc`).
    One,
}

impl Quota {
    /// Makes the group, by version 2 of control groups or else version 1.
    ///
    /// # Errors
    /// A sentence for a person, if neither can be written: the measurement is not possible then.
    pub fn new() -> Result<Self, String> {
        let name = format!("gatehouse-power-{}", std::process::id());
        let candidates = [
            (Version::Two, "/sys/fs/cgroup", "cpu.max"),
            (Version::One, "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us"),
        ];
        for (version, root, file) in candidates {
            let folder = Path::new(root).join(&name);
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            let quota = Self {
                folder,
                version,
                launchers: tempfile::tempdir().unwrap(),
            };
            if quota.folder.join(file).exists() && quota.write(ONE_PROCESSOR).is_ok() {
                return Ok(quota);
            }
        }
        Err(
            "No control group with a processor quota can be made below /sys/fs/cgroup (as root, on Linux, it can)."
                .into(),
        )
    }

    /// From now on, the share that comes with so many MB.
    ///
    /// # Panics
    /// If the group is gone.
    pub fn allow(&self, memory: u32) {
        self.write(memory).expect("a processor quota");
    }

    /// A file that runs this `bootstrap` in the group, in place of it: not even its first instruction is outside.
    pub fn launcher(&self, bootstrap: &Path) -> PathBuf {
        let name = bootstrap.parent().and_then(Path::file_name).unwrap_or_default();
        let launcher = self.launchers.path().join(name);
        let group = self.folder.join("cgroup.procs");
        let script = format!(
            "#!/bin/sh\necho $$ > '{}'\nexec '{}'\n",
            group.display(),
            bootstrap.display()
        );
        fs::write(&launcher, script).unwrap();
        fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).unwrap();
        launcher
    }

    /// How the shares are made, in a sentence.
    pub fn means(&self) -> String {
        let file = match self.version {
            Version::Two => "cpu.max of control groups, version 2",
            Version::One => "cpu.cfs_quota_us of control groups, version 1",
        };
        format!(
            "M MB are M/{ONE_PROCESSOR} of one processor: {file}, with periods of {} ms",
            PERIOD / 1000
        )
    }

    fn write(&self, memory: u32) -> std::io::Result<()> {
        let share = u64::from(PERIOD) * u64::from(memory) / u64::from(ONE_PROCESSOR);
        match self.version {
            Version::Two => fs::write(self.folder.join("cpu.max"), format!("{share} {PERIOD}")),
            Version::One => {
                fs::write(self.folder.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                fs::write(self.folder.join("cpu.cfs_quota_us"), share.to_string())
            }
        }
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Virtual processors that come with so many MB.
pub fn processors(memory: u32) -> f64 {
    f64::from(memory) / f64::from(ONE_PROCESSOR)
}
