-- Models with spans without a price are found without reading the sums of all others. The database itself tells them,
-- so that rows written by processes of the version before are told, too: the sums are integers of seven bits a byte,
-- the last byte of each below 80 (hexadecimal), and the ninth counts the spans without a price; 00 is none.
ALTER TABLE model_quarters ADD COLUMN is_unpriced boolean NOT NULL
    GENERATED ALWAYS AS (encode(substr(measures, 1, 100), 'hex') !~ '^(([89a-f].)*[0-7].){8}00') STORED;
CREATE INDEX model_quarters_unpriced ON model_quarters (project_no) WHERE is_unpriced;
