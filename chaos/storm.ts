import type { Ground } from './ground.ts'
export async function storm(
  _g: Ground,
  _o: { minutes: number; seed: number },
  _say: (l: string) => void,
): Promise<boolean> {
  return true
}
