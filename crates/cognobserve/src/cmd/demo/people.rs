//! The end users of the demo: names, companies, plans, and how busy each is.
//! Invariant: the first is John of Acme, whose story the demo tells; the rest follow the seed.
use super::dice::Dice;

const FIRST: [&str; 48] = [
    "Ada", "Amara", "Andrei", "Anna", "Ben", "Bianca", "Carlos", "Chen", "Clara", "Daniel",
    "Diego", "Elif", "Emma", "Farid", "Fatima", "Finn", "Grace", "Hana", "Hugo", "Ines", "Ivan",
    "Jonas", "Julia", "Kenji", "Kofi", "Lea", "Liam", "Lucía", "Mads", "Maria", "Mei", "Mina",
    "Nadia", "Noah", "Olga", "Omar", "Paul", "Priya", "Rafael", "Rosa", "Samir", "Sofia", "Tara",
    "Tomás", "Victor", "Wei", "Yara", "Zoë",
];
const LAST: [&str; 40] = [
    "Abebe",
    "Almeida",
    "Andersson",
    "Bauer",
    "Bianchi",
    "Castillo",
    "Cohen",
    "Demir",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
    "Hansen",
    "Ito",
    "Jansen",
    "Kaya",
    "Keller",
    "Khan",
    "Kim",
    "Kowalski",
    "Lindqvist",
    "Martin",
    "Mensah",
    "Moreau",
    "Müller",
    "Nakamura",
    "Novak",
    "Okafor",
    "Patel",
    "Petrov",
    "Rossi",
    "Santos",
    "Schmidt",
    "Silva",
    "Singh",
    "Tanaka",
    "Wagner",
    "Wright",
    "Zhang",
];
const COMPANIES: [&str; 30] = [
    "Globex",
    "Initech",
    "Umbra",
    "Hooli",
    "Vandelay",
    "Northwind",
    "Contoso",
    "Fabrikam",
    "Tyrell",
    "Wonka",
    "Stark",
    "Wayne",
    "Cyberdyne",
    "Soylent",
    "Aperture",
    "Monarch",
    "Oceanic",
    "Pied Piper",
    "Bluth",
    "Dunder",
    "Sterling",
    "Prestige",
    "Gringotts",
    "Octan",
    "Zorin",
    "Virtucon",
    "Massive",
    "Nakatomi",
    "Weyland",
    "Lumon",
];
const COUNTRIES: [&str; 10] = ["BR", "DE", "ES", "FR", "IN", "JP", "NL", "SE", "UK", "US"];

/// What someone pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    Free,
    Pro,
    Enterprise,
}

impl Plan {
    pub fn as_str(self) -> &'static str {
        match self {
            Plan::Free => "free",
            Plan::Pro => "pro",
            Plan::Enterprise => "enterprise",
        }
    }
}

/// One end user.
#[derive(Clone, Debug)]
pub struct Person {
    pub external_id: String,
    pub name: String,
    pub email: String,
    pub plan: Plan,
    pub company: Option<&'static str>,
    pub country: &'static str,
    /// Share of the app's traffic, relative to the others'.
    pub weight: f64,
}

/// `count` people, the busiest not first.
pub fn make_people(seed: u64, count: usize) -> Vec<Person> {
    let mut dice = Dice::new(seed ^ 0x7065_6f70);
    let mut people: Vec<Person> = (0..count)
        .map(|number| make_person(number, &mut dice))
        .collect();
    if let Some(john) = people.first_mut() {
        *john = Person {
            external_id: "user_john".into(),
            name: "John Doe".into(),
            email: "john@acme.com".into(),
            plan: Plan::Enterprise,
            company: Some("Acme"),
            country: "US",
            weight: john.weight,
        };
    }
    people
}

fn make_person(number: usize, dice: &mut Dice) -> Person {
    let (first, last) = (*dice.pick(&FIRST), *dice.pick(&LAST));
    let plan = match dice.fraction() {
        share if share < 0.70 => Plan::Free,
        share if share < 0.93 => Plan::Pro,
        _ => Plan::Enterprise,
    };
    let is_private = plan == Plan::Free && dice.chance(0.8);
    let company = (!is_private).then(|| *dice.pick(&COMPANIES));
    let domain = company.map_or_else(
        || "mail".to_owned(),
        |name| name.to_lowercase().replace(' ', "-"),
    );
    let rank = 1 + dice.between(0, 4_999);
    Person {
        external_id: format!("user_{:05}", number + 10_000),
        name: format!("{first} {last}"),
        email: format!("{}.{}{number}@{domain}.example", plain(first), plain(last)),
        plan,
        company,
        country: dice.pick::<&str>(&COUNTRIES),
        // A power law: a few are very busy, most come now and then.
        weight: (rank as f64).powf(-1.05),
    }
}

/// ASCII lower case, for an address.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'á' | 'ä' => 'a',
        'é' | 'ë' => 'e',
        'í' => 'i',
        'ü' => 'u',
        other => other,
    };
    name.to_lowercase().chars().map(letter).collect()
}
