//! Signing in with an OpenID Connect provider: the section `oidc`.

use secrecy::SecretString;
use store::Role;
use url::Url;

use super::ConfigError;

/// The longest name of a provider, characters: it stands on a button.
const LONGEST_NAME: usize = 40;
/// Scopes that are asked for, at most.
const MOST_SCOPES: usize = 20;
/// Values that stand for a role, at most.
const MOST_ROLES: usize = 100;
/// Stands for everybody whom the provider lets in.
const EVERYBODY: &str = "*";

/// The provider, where there is one.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// As its ID tokens write it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there, if we have one.
    pub client_secret: Option<SecretString>,
    /// On the button.
    pub name: String,
    /// What is asked for.
    pub scopes: String,
    /// Nobody comes in any other way.
    pub only: bool,
    /// Whom the provider gives a role comes in without an invitation.
    pub sign_up: bool,
    /// Which claim names the roles.
    pub roles_claim: String,
    /// What its values are here.
    pub roles: Roles,
}

/// What values of a claim are here, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(Vec<(String, Role)>);

impl Roles {
    /// Reads `fuseboard-admins=admin, *=viewer`.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn parse(text: &str) -> Result<Roles, String> {
        let mut roles: Vec<(String, Role)> = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (value, role) = word
                .rsplit_once('=')
                .map(|(value, role)| (value.trim(), role.trim()))
                .filter(|(value, _)| !value.is_empty())
                .ok_or_else(|| format!("must be like fuseboard-admins=admin, *=viewer, got {word:?}"))?;
            let role = match Role::parse(role) {
                Some(Role::Owner) => return Err("cannot make an owner; the highest role is admin".into()),
                Some(role) => role,
                None => return Err(format!("must give viewer, operator or admin, got {role:?}")),
            };
            if roles.iter().any(|(known, _)| known == value) {
                return Err(format!("names {value:?} twice"));
            }
            if roles.len() == MOST_ROLES {
                return Err(format!("may name {MOST_ROLES} values at most"));
            }
            roles.push((value.to_owned(), role));
        }
        Ok(Roles(roles))
    }

    /// The highest role of somebody for whom the claim has these values.
    pub fn of(&self, values: &[&str]) -> Option<Role> {
        let theirs = self
            .0
            .iter()
            .filter(|(value, _)| value == EVERYBODY || values.contains(&value.as_str()));
        theirs.map(|(_, role)| *role).max()
    }

    /// Whether values are looked at, and not only whether somebody is there.
    fn need_claim(&self) -> bool {
        self.0.iter().any(|(value, _)| value != EVERYBODY)
    }
}

/// Whether a text can be an issuer.
///
/// # Errors
/// In words why not.
pub fn check_issuer(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let wrong = || format!("must be a URL like https://idp.example/realms/team, got {text:?}");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let web = matches!(url.scheme(), "https" | "http") && url.host().is_some();
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match web && plain && text.contains("://") {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// Whether a text can be what is asked for.
///
/// # Errors
/// In words why not.
pub fn check_scopes(text: &str) -> Result<(), String> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    // RFC 6749, 3.3.
    let printable = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    match words.contains(&"openid") && words.len() <= MOST_SCOPES && words.iter().all(printable) {
        true => Ok(()),
        false => Err(format!(
            "must be at most {MOST_SCOPES} words with openid among them, separated by spaces, got {text:?}"
        )),
    }
}

/// Builds it from checked values; nothing when there is no issuer.
pub(super) fn build(get: impl Fn(&str) -> String) -> Result<Option<Oidc>, ConfigError> {
    let wrong = |why: String| Err(ConfigError(vec![why]));
    let issuer = get("oidc.issuer");
    let client_id = get("oidc.client_id");
    if issuer.is_empty() {
        let flags = ["oidc.only", "oidc.sign_up"]
            .into_iter()
            .filter(|key| get(key) == "true");
        let texts = ["oidc.client_id", "oidc.client_secret", "oidc.roles"];
        let texts = texts.into_iter().filter(|key| !get(key).is_empty());
        let set: Vec<&str> = texts.chain(flags).collect();
        return match set.first() {
            Some(key) => wrong(format!("{key} is set, but oidc.issuer says of no provider")),
            None => Ok(None),
        };
    }
    if client_id.is_empty() {
        return wrong(
            "oidc.client_id is missing: the name that the provider of oidc.issuer knows us by".into(),
        );
    }
    if issuer.starts_with("http://") && get("outbound.allow").trim().is_empty() {
        return wrong(
            "oidc.issuer begins with http://: that is for providers inside, and its host must be in outbound.allow"
                .into(),
        );
    }
    let host = Url::parse(&issuer)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let name = Some(get("oidc.name").trim().to_owned()).filter(|name| !name.is_empty());
    let name = name.or(host).unwrap_or_default();
    let roles =
        Roles::parse(&get("oidc.roles")).map_err(|why| ConfigError(vec![format!("oidc.roles {why}")]))?;
    let roles_claim = get("oidc.roles_claim");
    let sign_up = get("oidc.sign_up") == "true";
    if roles.need_claim() && roles_claim.is_empty() {
        return wrong("oidc.roles_claim is missing: the claim whose values oidc.roles names".into());
    }
    if sign_up && roles == Roles::default() {
        return wrong(
            "oidc.sign_up needs oidc.roles: whom the provider gives no role would be let in as nothing"
                .into(),
        );
    }
    let secret = get("oidc.client_secret");
    Ok(Some(Oidc {
        issuer,
        client_id,
        client_secret: (!secret.is_empty()).then(|| SecretString::from(secret)),
        name: name.chars().take(LONGEST_NAME).collect(),
        scopes: get("oidc.scopes"),
        only: get("oidc.only") == "true",
        sign_up,
        roles_claim,
        roles,
    }))
}

/// Whether a text can stand on a button.
///
/// # Errors
/// In words why not.
pub fn check_name(text: &str) -> Result<(), String> {
    match text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(format!("must have at most {LONGEST_NAME} characters on one line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(settings: &[(&str, &str)]) -> Result<Option<Oidc>, String> {
        let get = |key: &str| {
            let found = settings.iter().find(|(known, _)| *known == key);
            let default = match key {
                "oidc.scopes" => "openid email profile",
                "oidc.only" | "oidc.sign_up" => "false",
                _ => "",
            };
            found.map_or(default, |(_, value)| value).to_owned()
        };
        build(get).map_err(|error| error.to_string())
    }

    const ISSUER: (&str, &str) = ("oidc.issuer", "https://idp.example/realms/team");
    const ID: (&str, &str) = ("oidc.client_id", "fuseboard");

    #[test]
    fn the_least_is_an_issuer_and_our_name_there() {
        assert!(built(&[]).unwrap().is_none());
        let oidc = built(&[ISSUER, ID]).unwrap().unwrap();
        assert_eq!(oidc.name, "idp.example");
        assert!(!oidc.only && !oidc.sign_up && oidc.client_secret.is_none());
        assert_eq!(
            oidc.roles.of(&["admins"]),
            None,
            "nobody is anything by themselves"
        );
    }

    #[test]
    fn errors_name_the_field() {
        for (settings, words) in [
            (vec![ISSUER], "oidc.client_id is missing"),
            (vec![ID], "oidc.client_id is set, but oidc.issuer"),
            (vec![("oidc.only", "true")], "oidc.only is set, but oidc.issuer"),
            (vec![("oidc.issuer", "http://idp.lan"), ID], "outbound.allow"),
            (
                vec![ISSUER, ID, ("oidc.sign_up", "true")],
                "oidc.sign_up needs oidc.roles",
            ),
            (
                vec![ISSUER, ID, ("oidc.roles", "a=admin")],
                "oidc.roles_claim is missing",
            ),
        ] {
            let error = built(&settings).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let inside = [
            ("oidc.issuer", "http://idp.lan"),
            ID,
            ("outbound.allow", "idp.lan"),
        ];
        built(&inside).unwrap().unwrap();
    }

    #[test]
    fn the_highest_role_counts_and_no_role_is_none() {
        let roles = Roles::parse("a=viewer, b = admin,c=d=operator").unwrap();
        assert_eq!(roles.of(&[]), None);
        assert_eq!(roles.of(&["*"]), None);
        assert_eq!(roles.of(&["A"]), None);
        assert_eq!(roles.of(&["a"]), Some(Role::Viewer));
        assert_eq!(roles.of(&["x", "a", "b"]), Some(Role::Admin));
        assert_eq!(roles.of(&["c=d"]), Some(Role::Operator));
        assert_eq!(Roles::parse("*=viewer").unwrap().of(&[]), Some(Role::Viewer));
        for bad in ["a", "=admin", "a=", "a=boss", "a=owner", "a=admin,a=viewer"] {
            assert!(Roles::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn issuers_scopes_and_names() {
        for good in ["", "https://idp.example", "http://idp.lan:8080/x/"] {
            check_issuer(good).unwrap();
        }
        for bad in [
            "idp.example",
            "ftp://x",
            "https://",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https:a",
        ] {
            assert!(check_issuer(bad).is_err(), "{bad}");
        }
        check_scopes("openid groups").unwrap();
        for bad in ["", "email", "openid \"x", "openid\tx", &["openid"; 21].join(" ")] {
            assert!(check_scopes(bad).is_err(), "{bad}");
        }
        assert!(check_name(&"x".repeat(41)).is_err() && check_name("a\nb").is_err());
    }
}
