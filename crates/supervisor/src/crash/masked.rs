//! What is kept of a crash has its secrets masked: by their form, and by the values that the process
//! was given for variables whose names look secret.

use forge_api::CrashReport;

use crate::secrets::Secrets;

impl Secrets {
    fn mask_in(&self, text: &mut String) {
        *text = self.mask(text);
    }

    fn mask_some(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.mask_in(text);
        }
    }

    /// Masks all of a report that others wrote.
    pub(crate) fn mask_report(&self, report: &mut CrashReport) {
        self.mask_in(&mut report.summary);
        for text in [
            &mut report.error,
            &mut report.message,
            &mut report.subject,
            &mut report.command,
            &mut report.next,
        ] {
            self.mask_some(text);
        }
        for cause in &mut report.causes {
            self.mask_in(&mut cause.error);
            self.mask_some(&mut cause.message);
        }
        for suggestion in &mut report.suggestions {
            self.mask_in(&mut suggestion.text);
        }
        for other in report.dependencies.iter_mut().chain(&mut report.refused_by) {
            self.mask_some(&mut other.message);
        }
        if let Some(holder) = &mut report.holder {
            self.mask_some(&mut holder.command);
        }
        if let Some(origin) = &mut report.began_with {
            self.mask_in(&mut origin.text);
        }
        for line in report.tail.iter_mut().flatten() {
            self.mask_in(line);
        }
        self.mask_places(report);
    }

    /// Masks what was read from files.
    pub(crate) fn mask_places(&self, report: &mut CrashReport) {
        for line in report.location.iter_mut().flat_map(|at| &mut at.source) {
            self.mask_in(line);
        }
        let hunks = report.changes.iter_mut().flat_map(|all| &mut all.hunks);
        for line in hunks.flat_map(|hunk| &mut hunk.lines) {
            self.mask_in(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge_diagnose::MASK;

    #[test]
    fn values_of_secret_variables_are_masked_wherever_they_are_written() {
        let environment = [
            ("DB_PASSWORD", "correct horse"),
            ("API_KEY", "abc"),
            ("HOME", "/home/somebody"),
        ];
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
            .collect();
        let secrets = Secrets::of(&environment);
        assert_eq!(
            secrets.mask("login as correct horse in /home/somebody abc"),
            format!("login as {MASK} in /home/somebody abc")
        );
        let mut report = CrashReport {
            summary: "token=abcdefgh".into(),
            tail: Some(vec!["correct horse".into()]),
            ..CrashReport::default()
        };
        secrets.mask_report(&mut report);
        assert_eq!(report.summary, format!("token={MASK}"));
        assert_eq!(report.tail, Some(vec![MASK.to_string()]));
    }
}
