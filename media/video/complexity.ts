import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Complexity, eagerTrials, type SamplePlan, type Trial, trialCrfs } from '../../domain/complexity.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import type { Command } from './command.ts'
import { meanSsim, ssimCommand, ssimFile, trialCommand, trialFile, type TrialName } from './complexity-command.ts'
import type { PictureTools } from './picture-filter.ts'

/** Makes the trials of every sample in `folder` by `run`, and gives their means. */
export async function measureComplexity(
  source: string,
  plan: VideoPlan,
  samples: SamplePlan,
  folder: string,
  tools: PictureTools & { readonly pixelsMax: number },
  run: (command: Command) => Promise<void>,
): Promise<Complexity> {
  const seen: Record<TrialName, Trial>[] = []
  const seconds = samples.frames / plan.fps
  const trialOf = async (name: TrialName): Promise<Trial> => {
    const { size } = await stat(join(folder, trialFile(name)))
    const ssim = meanSsim(await readFile(join(folder, ssimFile(name)), 'utf8'))
    return { crf: trialCrfs[name], kbps: (size * 8) / 1000 / seconds, ssim }
  }
  for (const start of samples.starts) {
    await run(trialCommand(source, plan, samples, start, tools))
    await run(ssimCommand(samples))
    seen.push({
      fixed: await trialOf('fixed'),
      coarse: await trialOf('coarse'),
      eager: await trialOf('eager'),
      small: await trialOf('small'),
    })
  }
  const meanOf = (name: TrialName): Trial => {
    const mean = (pick: (trial: Trial) => number) => seen.reduce((sum, trials) => sum + pick(trials[name]), 0) / seen.length
    return {
      crf: trialCrfs[name],
      kbps: mean(({ kbps }) => kbps),
      ssim: mean(({ ssim }) => ssim),
    }
  }
  const fixed = meanOf('fixed')
  const [low, high] = eagerTrials(meanOf('eager'), fixed, meanOf('coarse'))
  return { effort: 'high', fixed: brief(fixed), eager: [brief(low), brief(high)], small: brief(meanOf('small')) }
}

/** What goes into histories need not have sixteen digits. */
function brief({ crf, kbps, ssim }: Trial): Trial {
  return { crf, kbps: rounded(kbps, 10), ssim: rounded(ssim, 1e6) }
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}
