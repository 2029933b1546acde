//! Configuration from environment variables, checked as a whole.
//!
//! A function that starts with three wrong variables says so once, naming all three, instead of
//! failing three deployments in a row.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Reads variables and remembers every problem until [`Environment::finish`].
#[derive(Debug)]
pub struct Environment {
    variables: HashMap<String, String>,
    problems: Vec<Problem>,
}

/// One variable that is missing or has a value that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Everything that is wrong with a function's configuration. Not worth retrying: a deployment has
/// to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Every problem found, in the order in which the variables were read.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function's environment variables can't be used:")?;
        for (index, Problem { variable, problem }) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            write!(f, "{separator} {variable} {problem}")?;
        }
        Ok(())
    }
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        // A value that is no UTF-8 counts as missing, and so it is named where it is needed.
        let readable = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            Some((name, value))
        });
        Self::from_iter(readable)
    }

    /// A variable that has to be there. An empty value counts as missing, because that is what a
    /// template leaves behind when a parameter was not given.
    pub fn required(&mut self, variable: &'static str) -> String {
        self.optional(variable).unwrap_or_else(|| {
            self.problem(variable, "is missing");
            String::new()
        })
    }

    /// A variable that may be missing or empty.
    pub fn optional(&self, variable: &'static str) -> Option<String> {
        self.variables.get(variable).filter(|value| !value.is_empty()).cloned()
    }

    /// A variable with a default, parsed. The parser's error should say what would be right.
    pub fn parsed<T>(&mut self, variable: &'static str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(value) = self.optional(variable) else {
            return default;
        };
        value.parse().unwrap_or_else(|error| {
            self.problem(variable, format!("is \"{value}\": {error}"));
            default
        })
    }

    /// Records a problem that only the caller can see, such as two values that exclude each other.
    pub fn problem(&mut self, variable: &'static str, problem: impl Into<String>) {
        let problem = problem.into();
        self.problems.push(Problem { variable, problem });
    }

    /// The configuration, if nothing was wrong with it.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found so far.
    pub fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            return Ok(config);
        }
        Err(ConfigError {
            problems: self.problems,
        })
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            variables,
            problems: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_variable_is_named_in_one_error() {
        let mut environment = Environment::from_iter([("MAX_BYTES", "many"), ("QUEUE", "")]);
        let _ = environment.required("BUCKET");
        let _ = environment.required("QUEUE");
        let _ = environment.parsed("MAX_BYTES", 5_u64);

        let error = environment.finish(()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the function's environment variables can't be used: BUCKET is missing; \
             QUEUE is missing; MAX_BYTES is \"many\": invalid digit found in string"
        );
    }

    #[test]
    fn a_missing_variable_with_a_default_takes_the_default() {
        let mut environment = Environment::from_iter([("A", "7")]);
        let read = (environment.parsed("A", 1_u8), environment.parsed("B", 2_u8));
        assert_eq!(environment.finish(read), Ok((7, 2)));
    }
}
