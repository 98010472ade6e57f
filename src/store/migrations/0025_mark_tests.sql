-- Seals for tests only 测试章.

ALTER TABLE seals ADD COLUMN sandbox BIGINT NOT NULL DEFAULT 0
    CONSTRAINT seals_sandbox_boolean CHECK (sandbox IN (0, 1));
