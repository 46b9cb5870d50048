/** The page of the words of Sluice, made from the table that the code goes by. */
import { type Word, words } from '../src/domain/glossary.ts'

export function glossaryPage(): string {
  const rows = Object.entries<Word>(words).map(
    ([word, { means, example }]) =>
      `| <a id="${word}"></a>**${word}** | ${cell(means)} | ${cell(example)} |`,
  )
  return `# Glossary

Made by \`npm run docs\` from src/domain/glossary.ts; do not edit.

These words mean one thing each, in the code, the ledger, the API, the command line and on these pages. They come in
the order in which an ingest meets them. Everything else has the name that it has in PostgreSQL or in Temporal.

| word | what it is | example |
|---|---|---|
${rows.join('\n')}
`
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
