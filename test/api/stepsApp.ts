/** An app whose step has a task queue of its own. */
import { defineStep } from 'sluice'

export const videoQueue = 'video_tasks_of_a_test'

export const thumbnail = defineStep({
  name: 'thumbnail',
  queue: videoQueue,
  run: (file) => ({ result: { of: file.fileNo } }),
})
