import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who alone has a keyed completion under way: nobody else's row may be forgotten. */
export class AnswerHolder1764000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE router.answer ADD COLUMN holder uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE router.answer DROP COLUMN holder');
  }
}
