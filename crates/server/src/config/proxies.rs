//! Which peers are reverse proxies of ours. Nobody else's word about an address counts.
use std::net::IpAddr;

/// Single addresses and networks; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    prefix_bits: u8,
}

impl TrustedProxies {
    /// Reads `10.0.0.7,172.16.0.0/12,::1`; empty: none.
    pub fn parse(list: &str) -> Result<TrustedProxies, String> {
        let words = list.split(',').map(str::trim);
        let networks = words.filter(|word| !word.is_empty()).map(|word| {
            Network::parse(word).ok_or_else(|| {
                format!("{word:?} is not an address or a network like 10.0.0.0/8 or fd00::/8")
            })
        });
        networks.collect::<Result<_, _>>().map(TrustedProxies)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn parse(word: &str) -> Option<Network> {
        let (base, bits) = match word.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().ok()?)),
            None => (word, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.unwrap_or(longest);
        (prefix_bits <= longest).then_some(Network { base, prefix_bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        let shift = |length: u32| length - u32::from(self.prefix_bits);
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differing = u32::from(base) ^ u32::from(address);
                differing.checked_shr(shift(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differing = u128::from(base) ^ u128::from(address);
                differing.checked_shr(shift(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_told() {
        let proxies = TrustedProxies::parse("10.1.2.3, 172.16.0.0/12,fd00::/8").unwrap();
        for (address, is_ours) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.1.2.4", false),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(
                proxies.contains(address.parse().unwrap()),
                is_ours,
                "{address}"
            );
        }
        let everybody = TrustedProxies::parse("0.0.0.0/0").unwrap();
        assert!(everybody.contains("1.2.3.4".parse().unwrap()));
        assert!(!everybody.contains("::1".parse().unwrap()));
        let nobody = TrustedProxies::parse("").unwrap();
        assert!(!nobody.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in ["proxy", "10.0.0.0/33", "10.0.0/8", "::1/129", "1.2.3.4/x"] {
            assert!(TrustedProxies::parse(wrong).is_err(), "{wrong}");
        }
    }
}
