// The end users of the sample: ordinary ones, and those whose names and ids break careless pages.
// `visits`: how many traces each has; `days`: between how many days ago, else in all of the sample's.

export const JOHN = {
  id: 'user_john',
  name: 'John Doe',
  email: 'john@acme.com',
  metadata: { plan: 'enterprise', company: 'Acme', country: 'NL' },
  visits: 64,
};
/** A name that is markup: shown as text, it is harmless. */
export const MARKUP = {
  id: 'user_markup',
  name: `<img src=x onerror="document.title='owned'"><script>alert(1)</script> & "Bobby" 'Tables'`,
  email: 'bobby@example.com',
  metadata: { plan: 'free', note: '<b>bold</b>' },
  visits: 9,
};
/** As long as names get, without a place to break the line. */
export const LONG = {
  id: `user_${'long-'.repeat(40)}end`,
  name: `Maximiliane${'Wolfeschlegelsteinhausenbergerdorff'.repeat(6)}`,
  email: `${'maximiliane.wolfeschlegelsteinhausen'.slice(0, 60)}@a-rather-long-subdomain.of-some-company.example.com`,
  metadata: { plan: 'pro', company: 'Wolfeschlegelsteinhausenbergerdorff & Söhne, Nachfolger KGaA' },
  visits: 11,
};
/** An id that must be encoded wherever it stands in an address. */
export const AWKWARD_ID = { id: 'acme/eu:42?x=1&y=2#frag %41+é', name: 'Awkward Id', visits: 7 };
/** Nothing is known but the id. */
export const NAMELESS = { id: '5f0c3b9e-77aa-4c55-9a3c-1b2f6de0a001', visits: 13 };
/** Only uses the model that no price book knows: tokens, and a cost of nothing. */
export const UNPRICED_ONLY = { id: 'user_unpriced', name: 'Una Priced', email: 'una@example.com', visits: 6 };

export const PEOPLE = [
  JOHN,
  { id: 'user_maria', name: 'María Gómez-Álvarez', email: 'maria@globex.com', metadata: { plan: 'enterprise', company: 'Globex' }, visits: 88 },
  { id: 'user_misaki', name: '田中 美咲', email: 'misaki@nakatomi.jp', metadata: { plan: 'pro', country: 'JP' }, visits: 41 },
  { id: 'user_omar', name: 'محمد العلي', email: 'm.alali@example.com', metadata: { plan: 'pro', country: 'AE' }, visits: 23 },
  { id: 'user_eleni', name: 'Ελένη Παπαδοπούλου 😀', email: 'eleni@example.gr', metadata: { plan: 'free', country: 'GR' }, visits: 17 },
  { id: 'user_lukasz', name: 'Łukasz Müller-Žižek', email: 'lukasz@umbra.pl', metadata: { plan: 'free', country: 'PL' }, visits: 15 },
  { id: 'user_priya', name: 'Priya Singh', email: 'priya@hooli.com', metadata: { plan: 'pro', company: 'Hooli', country: 'IN' }, visits: 52 },
  { id: 'user_grace', name: 'Grace Okafor', email: 'grace@initech.com', metadata: { plan: 'pro', company: 'Initech' }, visits: 36, days: [12, 29] },
  { id: 'user_noah', name: 'Noah Fischer', email: 'noah@northwind.de', metadata: { plan: 'free' }, visits: 5, days: [0, 3] },
  { id: 'batch-importer', name: 'Nightly import', metadata: { plan: 'internal', service: true }, visits: 120 },
  MARKUP,
  LONG,
  AWKWARD_ID,
  NAMELESS,
  UNPRICED_ONLY,
];
