//! Workers beside a server of Python: Celery, and queues of Django.

use super::python::{Project, is_aside, module};
use crate::model::{Candidate, Role, Why};
use crate::procfile;
use crate::repo::{base, join, split};

impl Project<'_> {
    pub(super) fn celery(&self) -> Option<Candidate> {
        let one = self
            .needs("celery")
            .or(self.needs("django-celery-results"))
            .filter(|one| !one.optional)?;
        let written = procfile::entries(self.repo, &join(self.folder, "Procfile"));
        if written.iter().any(|entry| entry.command.contains("celery")) {
            return None;
        }
        let names = [
            "celery.py",
            "celery_app.py",
            "celeryapp.py",
            "celery_worker.py",
            "worker.py",
        ];
        let mut files = self
            .repo
            .below(self.folder)
            .filter(|path| names.contains(&base(path)) && !is_aside(path));
        let path = files.next()?;
        let inner = match self.folder {
            "." => path.as_str(),
            folder => &path[folder.len() + 1..],
        };
        let (package, file) = split(inner);
        let app = match (file, package) {
            ("celery.py", package) if package != "." => package.replace('/', "."),
            _ => module(inner),
        };
        let why = Why::line(
            &one.path,
            one.line,
            &format!("depends on Celery, whose application is {path}"),
        );
        let mut found = self
            .candidate(&format!("celery -A {app} worker -l info"), 0, &why)
            .port(None);
        found.role = Role::Worker;
        Some(found.named("worker").sure(0.85))
    }

    pub(super) fn queues(&self) -> Option<Candidate> {
        let known = [
            ("django-rq", "python manage.py rqworker"),
            ("django-q2", "python manage.py qcluster"),
            ("django-q", "python manage.py qcluster"),
            ("django-huey", "python manage.py djangohuey"),
            ("django-dramatiq", "python manage.py rundramatiq"),
        ];
        let (one, command) = known
            .iter()
            .find_map(|(name, command)| Some((self.needs(name)?, command)))?;
        let mut found = self.candidate(command, 0, &self.because(one)).port(None);
        found.role = Role::Worker;
        self.repo
            .has(self.folder, "manage.py")
            .then(|| found.named("worker").sure(0.8))
    }
}
