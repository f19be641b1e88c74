-- coupons: one code for everybody, or codes of which each customer gets one
CREATE TABLE coupons (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE,       -- the name without case, as {{coupon:NAME}} says it
  shared_code TEXT,                  -- the code for everybody; NULL where each customer gets one of their own
  expires_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE TABLE coupon_codes (
  coupon_id TEXT NOT NULL REFERENCES coupons (id) ON DELETE CASCADE,
  code TEXT NOT NULL,
  taken BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (coupon_id, code)
);
CREATE INDEX coupon_codes_free ON coupon_codes (coupon_id, taken, code);

-- who got which: a customer gets a coupon once, and the same code again
CREATE TABLE coupons_given (
  coupon_id TEXT NOT NULL REFERENCES coupons (id) ON DELETE CASCADE,
  profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
  code TEXT NOT NULL,
  message_id TEXT NOT NULL,          -- the answer it first went with
  ticket_id TEXT NOT NULL,
  given_by TEXT NOT NULL,            -- a name for people
  given_at BIGINT NOT NULL,
  PRIMARY KEY (coupon_id, profile_id)
);
CREATE INDEX coupons_given_at ON coupons_given (coupon_id, given_at, profile_id);
CREATE INDEX coupons_given_profile ON coupons_given (profile_id);
