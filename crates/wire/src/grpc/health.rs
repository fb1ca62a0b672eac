//! `grpc.health.v1.Health`, as load balancers and probes ask it.
//! Invariant: the empty name is the whole server.

use crate::protobuf::Fields;

/// A `HealthCheckRequest`: which service is asked about; empty for the whole server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    pub service: String,
}

/// `HealthCheckResponse.ServingStatus`, as far as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServingStatus {
    Serving,
    NotServing,
}

/// Reads a `HealthCheckRequest`.
///
/// # Errors
/// What is no message.
pub fn read_health_check(message: &[u8]) -> Result<HealthCheck, &'static str> {
    let mut service = String::new();
    for field in Fields(message) {
        if let (1, name) = field? {
            service = name.text().into_owned();
        }
    }
    Ok(HealthCheck { service })
}

/// A `HealthCheckResponse`.
pub fn encode_health(status: ServingStatus) -> Vec<u8> {
    let number = match status {
        ServingStatus::Serving => 1,
        ServingStatus::NotServing => 2,
    };
    vec![0x08, number]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_names_a_service_or_none() {
        assert_eq!(read_health_check(b"").unwrap().service, "");
        assert_eq!(read_health_check(b"\x0a\x03abc").unwrap().service, "abc");
        assert!(read_health_check(b"\x0a\x03ab").is_err());
        assert_eq!(encode_health(ServingStatus::Serving), [8, 1]);
        assert_eq!(encode_health(ServingStatus::NotServing), [8, 2]);
    }
}
