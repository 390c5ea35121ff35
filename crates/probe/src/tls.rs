//! TLS for checks: the one place that knows it.
//!
//! On this machine certificates are not verified: those of development are self-signed, and nobody
//! can stand between. Everywhere else they are, by the certificates that the system trusts.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::address;
use crate::check::{Failure, Limit, Stage};
use crate::text;

/// Begins TLS on a connection to `ip`; `shown` is how the address is called in a failure.
pub(crate) async fn connect(
    stream: TcpStream,
    host: &str,
    ip: IpAddr,
    shown: &str,
    limit: Limit,
) -> Result<TlsStream<TcpStream>, Failure> {
    let fail = |why: String| Failure::new(Stage::Talk, format!("{why} ({shown})"));
    let name = ServerName::try_from(host.to_string())
        .map_err(|_| fail(format!("`{host}` is no name of a server")))?;
    let config = if address::is_this_machine(ip) {
        trusting().map_err(fail)?
    } else {
        verifying().map_err(fail)?
    };
    match timeout_at(limit.at, TlsConnector::from(config).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(fail(format!("TLS: {}", text::io_error(&error)))),
        Err(_) => Err(fail(format!("TLS: no answer within {:?}", limit.whole))),
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))
}

/// Takes any certificate.
fn trusting() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Unverified(ring::default_provider())))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}

/// Takes what the system trusts. A store without certificates is not remembered: it may be filled.
fn verifying() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "TLS: this system has no trusted certificates; install `ca-certificates` or set \
             SSL_CERT_FILE"
                .to_string(),
        );
    }
    let mut config = builder()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}

/// Accepts every certificate, but still demands that the server holds its key.
#[derive(Debug)]
struct Unverified(CryptoProvider);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn elsewhere_a_self_signed_certificate_is_refused() {
        let made = rcgen::generate_simple_self_signed(vec!["app.test".to_string()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let whole = Duration::from_secs(30);
        let limit = Limit {
            at: Instant::now() + whole,
            whole,
        };
        let stream = TcpStream::connect(at).await.unwrap();
        // The connection is one of this machine; what is said of it is not.
        let elsewhere = IpAddr::from([192, 0, 2, 1]);
        let failure = connect(stream, "app.test", elsewhere, "app.test:443", limit).await;
        let detail = failure.unwrap_err().detail;
        let refused = "TLS: invalid peer certificate: UnknownIssuer (app.test:443)";
        let no_store = "TLS: this system has no trusted certificates";
        assert!(
            detail == refused || detail.starts_with(no_store),
            "{detail}"
        );
    }
}
