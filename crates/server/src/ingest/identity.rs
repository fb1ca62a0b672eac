//! Identity rules that the API shares with the door.
use thiserror::Error;
#[derive(Debug, Error)]
#[error("must have at most 255 characters")]
pub struct TooLong;
pub fn normalise_user_id(text: &str) -> Result<Option<String>, TooLong> {
    let text = text.trim();
    if text.chars().count() > 255 {
        return Err(TooLong);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
pub fn is_email(text: &str) -> bool {
    text.contains('@')
}
