/** The workflow bundle, which lies in dist/: scripts/workflows.mjs makes it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WorkflowBundlePath } from '@temporalio/worker'

/** Some tests and the bench run from the sources: then dist/ is one folder further down. */
export function workflowBundle(): WorkflowBundlePath {
  const places = ['../../workflows/bundle.js', '../../dist/workflows/bundle.js']
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return { codePath: paths.find(existsSync) ?? (paths[0] as string) }
}
