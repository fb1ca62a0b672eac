-- The sums per model of each of a user's traces, so that they need not be fetched one by one from `traces`.
-- NULL: listed before there was this column; then they are.
ALTER TABLE user_traces ADD COLUMN models BLOB;
