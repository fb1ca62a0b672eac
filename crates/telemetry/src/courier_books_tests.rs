//! The books of one sink against a server that answers whatever it likes, over restarts.
use super::*;
use proptest::prelude::*;

/// What a capricious server does with a request.
fn caprice(choice: u8, count: usize) -> Reply {
    match choice {
        0 => None,
        1 => Some((500, "x".repeat(20))),
        2 => Some((413, String::new())),
        3 => Some((
            400,
            json!({"events_with_missing_fields": {"f": [count / 2]}}).to_string(),
        )),
        4 => Some((
            429,
            json!({"throttled_events": [0, count - 1, count + 7]}).to_string(),
        )),
        5 => Some((400, "garbage".to_owned())),
        6 => Some((403, String::new())),
        _ => taken(),
    }
}

proptest! {
    #[test]
    fn the_books_balance_whatever_happens(
        count in 1..400_u64,
        choices in prop::collection::vec(0..12_u8, 0..60),
        restarts in prop::collection::vec(1..20_usize, 0..6),
        is_posthog in any::<bool>(),
        window in 2..50_usize,
    ) {
        let provider = if is_posthog { Provider::Posthog } else { Provider::Amplitude };
        let (log, mut server, mut now) = (Log::of(count), Server::default(), START);
        let mut progress = Progress::default();
        let mut choices = choices.into_iter();
        // A restart forgets all but the progress that was written down, and perhaps an answer.
        for calls in restarts {
            let mut courier = Courier::new(sink(provider), progress.clone());
            courier.window = window;
            for _ in 0..calls {
                log.feed(&mut courier, now);
                match courier.next(installation(), now) {
                    Next::Idle => break,
                    Next::Wait(moment) => now = moment,
                    Next::Send { body, .. } => {
                        let told = caprice(choices.next().unwrap_or(9), Server::ids(&body).len());
                        if matches!(told, Some((200, _))) {
                            server.take(&body);
                        }
                        progress = courier.progress().clone();
                        let answer = told.as_ref().map(|(status, body)| Answer { status: *status, retry_after_s: None, body: body.as_bytes() });
                        courier.answered(answer, now, 0.3);
                    }
                }
            }
            // Half of the restarts come before the last answer is written down.
            if calls % 2 == 0 {
                progress = courier.progress().clone();
            }
        }
        let written: Progress = serde_json::from_str(&serde_json::to_string(&progress).unwrap()).unwrap();
        let mut courier = Courier::new(sink(provider), written);
        courier.window = window;
        run(&mut courier, &log, &mut server, &mut now, FOREVER, |_, body| caprice(choices.next().unwrap_or(9), Server::ids(body).len()));
        let progress = courier.progress();
        prop_assert_eq!(progress.settled(), count);
        prop_assert_eq!(progress.cursor, 10 + (count - 1) * 3);
        prop_assert!(progress.beyond.is_empty());
        prop_assert!(server.taken.len() as u64 >= progress.sent);
    }
}
