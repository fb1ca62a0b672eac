//! TLS to the server: rustls on ring.
//!
//! `require` verifies certificate and name. `prefer` falls back to plain text when the server
//! has no TLS, so that verifying would add nothing; it takes any certificate.
use crate::error::{StoreResult, internal};
use cognobserve_ports::StoreError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the URL says of TLS.
pub(crate) struct Tls {
    pub(crate) mode: SslMode,
    /// PEM; instead of the roots that browsers trust.
    roots: Option<PathBuf>,
}

impl Default for Tls {
    fn default() -> Tls {
        Tls {
            mode: SslMode::Prefer,
            roots: None,
        }
    }
}

impl Tls {
    pub(crate) fn set_mode(&mut self, text: &str) -> StoreResult<()> {
        self.mode = match text {
            "disable" => SslMode::Disable,
            "prefer" => SslMode::Prefer,
            "require" | "verify-full" => SslMode::Require,
            "verify-ca" | "allow" => {
                let message = format!(
                    "sslmode={text} is not supported; sslmode=require verifies certificate and name"
                );
                return Err(internal(message));
            }
            _ => {
                return Err(internal(
                    "sslmode in the database URL must be disable, prefer or require",
                ));
            }
        };
        Ok(())
    }

    pub(crate) fn set_roots(&mut self, path: &str) {
        self.roots = Some(PathBuf::from(path));
    }

    /// Roots that would not be looked at are a mistake.
    pub(crate) fn check(&self) -> StoreResult<()> {
        if self.roots.is_some() && self.mode != SslMode::Require {
            return Err(internal(
                "sslrootcert in the database URL needs sslmode=require: otherwise nothing is verified",
            ));
        }
        Ok(())
    }

    pub(crate) fn make_connector(&self) -> StoreResult<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| internal(format!("TLS: {error}")))?;
        let config = if self.mode == SslMode::Require {
            builder.with_root_certificates(self.read_roots()?)
        } else {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        };
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    }

    fn read_roots(&self) -> StoreResult<RootCertStore> {
        let Some(path) = &self.roots else {
            let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
            return Ok(RootCertStore { roots });
        };
        let refuse = |why: String| -> StoreError {
            internal(format!("cannot use sslrootcert {}: {why}", path.display()))
        };
        let found =
            CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in found {
            let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
            let added = roots.add(certificate);
            added.map_err(|error| refuse(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(refuse("it holds no certificate".into()));
        }
        Ok(roots)
    }
}

/// Looks at no certificate; the handshake itself is still checked.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
