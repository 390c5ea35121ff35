//! Values that are not for everybody's eyes: masked by the name of their variable.

/// Shown instead of a secret.
pub(crate) const MASK: &str = "••••••";

/// Whether a variable of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "PASSWD", "SECRET", "KEY", "CREDENTIAL"]
        .iter()
        .any(|word| name.contains(word))
}

/// The value as it may be shown.
pub(crate) fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if is_secret(name) && !value.is_empty() {
        MASK
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret_are_masked() {
        for name in ["API_TOKEN", "db_password", "AWS_SECRET_ACCESS_KEY", "KEY"] {
            assert_eq!(shown(name, "s3cr3t"), MASK, "{name}");
        }
        assert_eq!(shown("PORT", "3000"), "3000");
        assert_eq!(shown("API_TOKEN", ""), "");
    }
}
