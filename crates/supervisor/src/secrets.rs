//! Values that are not for everybody's eyes.

/// Shown instead of a secret.
pub(crate) const MASK: &str = "********";
