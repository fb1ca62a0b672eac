//! An event's way out, whole: the bytes of the request that a provider would be sent.
pub mod address;

use crate::edition::Provider;
use crate::event::Event;
use crate::route::{Installation, Outgoing, route};
use crate::sink::batch::Limits;
use crate::sink::{Answer, Verdict, amplitude, posthog, proxy};
use cognobserve_model::time::Micros;

/// What a provider's requests carry beside events.
#[derive(Clone, Debug)]
pub struct Sink {
    pub provider: Provider,
    /// Without a path and a slash at its end.
    pub base_url: String,
    /// Empty for the proxy, which takes none.
    pub key: String,
}

impl Sink {
    pub fn url(&self) -> String {
        let path = match self.provider {
            Provider::Amplitude => amplitude::PATH,
            Provider::Posthog => posthog::PATH,
            Provider::Proxy => proxy::PATH,
        };
        format!("{}{path}", self.base_url)
    }

    pub fn limits(&self) -> Limits {
        match self.provider {
            Provider::Amplitude => amplitude::LIMITS,
            Provider::Posthog => posthog::LIMITS,
            Provider::Proxy => proxy::LIMITS,
        }
    }

    /// Whether the provider takes bodies packed.
    pub fn is_packed(&self) -> bool {
        self.provider == Provider::Posthog
    }

    /// One event as it stands in a request's body.
    pub fn write_event(&self, event: &Outgoing) -> String {
        match self.provider {
            Provider::Amplitude => amplitude::write_event(event),
            Provider::Posthog => posthog::write_event(event),
            Provider::Proxy => proxy::write_event(event),
        }
    }

    /// A request's body. `events`: as [`Sink::write_event`] wrote them.
    pub fn write_body(
        &self,
        events: &[String],
        installation: &Installation,
        now: Micros,
    ) -> Vec<u8> {
        match self.provider {
            Provider::Amplitude => amplitude::write_body(&self.key, events),
            Provider::Posthog => posthog::write_body(&self.key, events, now),
            Provider::Proxy => proxy::write_body(events, installation.pseudonyms.anonymous()),
        }
    }

    /// What becomes of the events of a request.
    pub fn read_answer(&self, answer: Answer<'_>, events: &[Outgoing]) -> Verdict {
        // A wrong address is no fault of the events, and may be mended; the proxy may be switched on again.
        let is_proxy = self.provider == Provider::Proxy;
        match answer.status {
            300..=399 => return Verdict::Stopped("the address redirects elsewhere"),
            404 | 405 | 410 if !is_proxy => {
                return Verdict::Stopped("nothing takes events at the address");
            }
            _ => {}
        }
        match self.provider {
            Provider::Amplitude => amplitude::read_answer(answer, events),
            Provider::Posthog => posthog::read_answer(answer),
            Provider::Proxy => proxy::read_answer(answer),
        }
    }
}

/// The body that would be sent if these events were all that waits.
pub fn write_request(
    events: &[Event],
    sink: &Sink,
    installation: &Installation,
    now: Micros,
) -> Vec<u8> {
    let events = events
        .iter()
        .map(|event| sink.write_event(&route(event, sink.provider, installation)));
    let events: Vec<String> = events.collect();
    sink.write_body(&events, installation, now)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
