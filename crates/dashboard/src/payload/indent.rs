//! Indents JSON without reading it: every token stays as it was stored.
//! Invariant: what comes out is bounded, also where brackets nest without end.

const MOST_LEVELS: usize = 40;

/// `json` with two spaces a level, at most about `most` bytes of it; whether it was cut.
pub fn indent(json: &str, most: usize) -> (String, bool) {
    let mut out = String::with_capacity(json.len().min(most) + 64);
    let (mut level, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut rest = json.chars().peekable();
    while let Some(one) = rest.next() {
        if out.len() + one.len_utf8() > most {
            return (out, true);
        }
        if in_string {
            out.push(one);
            in_string = one != '"' || is_escaped;
            is_escaped = one == '\\' && !is_escaped;
            continue;
        }
        match one {
            _ if one.is_ascii_whitespace() => {}
            '{' | '[' => {
                out.push(one);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        level += 1;
                        begin_line(&mut out, level);
                    }
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                begin_line(&mut out, level);
                out.push(one);
            }
            ',' => {
                out.push(one);
                begin_line(&mut out, level);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = one == '"';
                out.push(one);
            }
        }
    }
    (out, false)
}

fn begin_line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level.min(MOST_LEVELS) {
        out.push_str("  ");
    }
}
