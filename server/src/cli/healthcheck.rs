//! `fuseboard healthcheck`: for containers and scripts.

use std::time::Duration;

use clap::Args;

use super::settings::ServerFlags;
use super::{CliError, Exit, Trust, say};

/// Ask a running server whether it is ready: exit code 0 when it is, 1 when it is not, 69 when nobody answers.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fuseboard healthcheck --url http://127.0.0.1:3000")]
pub struct HealthcheckArgs {
    #[command(flatten)]
    flags: ServerFlags,
    /// Where the server is; by default where the configuration says it listens.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    trust: Trust,
}

/// Asks.
pub async fn run(args: HealthcheckArgs) -> Result<Exit, CliError> {
    let (base, is_own) = match args.url {
        Some(url) => (url.trim_end_matches('/').to_owned(), false),
        None => {
            let config = args.flags.load()?;
            (format!("{}://{}", config.scheme(), config.listen), true)
        }
    };
    let unavailable = |error: reqwest::Error| CliError::new(Exit::Unavailable, format!("{base}: {error}"));
    // A proxy of the environment has no business between us and this machine's own port.
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5));
    if is_own {
        // The certificate is for the name that browsers use, not for this address. Nothing secret is sent, and a
        // certificate that has expired is no reason to start the server anew.
        client = client.tls_danger_accept_invalid_certs(true);
    } else if let Some(pem) = args.trust.pem()? {
        let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(unavailable)?;
        client = client.tls_certs_merge(authorities);
    }
    let client = client.build().map_err(unavailable)?;
    let answer = client
        .get(format!("{base}/readyz"))
        .send()
        .await
        .map_err(unavailable)?;
    let ready = answer.status().is_success();
    say(answer.text().await.map_err(unavailable)?.trim());
    Ok(if ready { Exit::Done } else { Exit::Failed })
}
