// Checked by the compiler (see types.test.ts), never run.
import client, {
  AggregatorRegistry,
  ClusterRegistry,
  type CollectFunction,
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  contentType,
  type DefaultMetricsCollectorConfiguration,
  exponentialBuckets,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  linearBuckets,
  type Metric,
  type OpenMetricsContentType,
  openMetricsContentType,
  type PrometheusContentType,
  prometheusContentType,
  Registry,
  type RegistryContentType,
  register,
  Summary,
  validateMetricName,
  WorkerRegistry,
} from 'threadmeter/metrics'
import { expectTypeOf } from 'vitest'

const [name, help] = ['name', 'help']

// The names of labels come from the configuration, whether it is written in place or is constant.
const counter = new Counter({ name, help, labelNames: ['method', 'code'] })
expectTypeOf(counter).toEqualTypeOf<Counter<'method' | 'code'>>()
const names = ['method', 'code'] as const
expectTypeOf(new Counter({ name, help, labelNames: names })).toEqualTypeOf<typeof counter>()
expectTypeOf(new Gauge({ name, help, labelNames: names })).toEqualTypeOf<Gauge<'method' | 'code'>>()
expectTypeOf(new Histogram({ name, help, labelNames: names })).toEqualTypeOf<
  Histogram<'method' | 'code'>
>()
expectTypeOf(new Counter<'a'>({ name, help, labelNames: ['a'] })).toEqualTypeOf<Counter<'a'>>()
expectTypeOf(new Counter({ name, help })).toEqualTypeOf<Counter<never>>()

// Labels may be left out, and are numbers or texts.
counter.inc()
counter.inc(2)
counter.inc({ method: 'GET', code: 200 })
counter.inc({ method: 'GET' }, 2)
counter.inc({ code: undefined })
counter.inc({})
counter.labels('GET', 200).inc(2)
counter.labels({ method: 'GET' }).inc()
counter.remove('GET', 200)
counter.remove({ method: 'GET' })
// @ts-expect-error not one of the label names
counter.inc({ methd: 'GET' })
// @ts-expect-error one of them is not
counter.inc({ method: 'GET', path: '/' })
// @ts-expect-error a label is no object
counter.inc({ method: {} })
// @ts-expect-error a value is a number
counter.inc('2')
// @ts-expect-error nor in labels()
counter.labels({ path: '/' })
// @ts-expect-error nor in remove()
counter.remove({ path: '/' })
// @ts-expect-error a counter does not go down
counter.dec()

// Without label names there are no labels to give.
const plain = new Counter({ name, help })
plain.inc()
plain.inc({}, 3)
plain.labels().inc()
// @ts-expect-error no label names
plain.inc({ method: 'GET' })
// @ts-expect-error no label names
plain.labels({ method: 'GET' })

// Where any metric will do, each will: programs keep theirs in fields and lists of such types.
const withoutLabels = {
  gauge: new Gauge({ name, help }),
  histogram: new Histogram({ name, help }),
  summary: new Summary({ name, help }),
}
const all: Metric[] = [plain, ...Object.values(withoutLabels), counter]
const anyGauge: Gauge = withoutLabels.gauge
const anyHistogram: Histogram<string> = withoutLabels.histogram
const anySummary: Summary<string> = withoutLabels.summary
expectTypeOf([all[0], anyGauge, anyHistogram, anySummary]).toExtend<(Metric | undefined)[]>()
expectTypeOf(withoutLabels.histogram).not.toExtend<Gauge>()
// @ts-expect-error nor one of other label names
withoutLabels.histogram.startTimer()({ method: 'GET' })

// A metric whose label names are not told takes any, as in prom-client.
const any: Counter = new Counter({ name, help, labelNames: ['a'] })
any.inc({ whatever: 1 })
new Counter<string>({ name, help, labelNames: Object.keys({}) }).inc({ whatever: 1 })

// A gauge.
const gauge = new Gauge({ name, help, labelNames: ['a'] })
gauge.set(1)
gauge.set({ a: 'x' }, 1)
gauge.dec({ a: 'x' })
gauge.setToCurrentTime({ a: 'x' })
expectTypeOf(gauge.startTimer({ a: 1 })({ a: 2 })).toEqualTypeOf<number>()
expectTypeOf(gauge.labels('x').startTimer()({ a: 2 })).toEqualTypeOf<number>()
expectTypeOf(gauge.labels('x')).toEqualTypeOf<Gauge.Internal<'a'>>()
// @ts-expect-error a value is required
gauge.set()
// @ts-expect-error a value is required
gauge.set({ a: 'x' })
// @ts-expect-error not one of the label names
gauge.startTimer({ b: 1 })

// A histogram.
const histogram = new Histogram({ name, help, labelNames: ['a'], buckets: [1, 2] })
histogram.observe(1)
histogram.observe({ a: 'x' }, 1)
histogram.observe({ value: 1, labels: { a: 'x' }, exemplarLabels: { trace_id: 'y' } })
histogram.zero({ a: 'x' })
expectTypeOf(histogram.startTimer({ a: 1 }, { trace: 't' })).returns.toEqualTypeOf<number>()
histogram.labels('x').observe({ value: 1, exemplarLabels: { trace_id: 'y' } })
// @ts-expect-error a value is required
histogram.observe({ a: 'x' })
// @ts-expect-error buckets are numbers
new Histogram({ name, help, buckets: ['1'] })
// @ts-expect-error a counter has no buckets
new Counter({ name, help, buckets: [1] })

// A summary.
const summary = new Summary({ name, help, labelNames: ['a'], percentiles: [0.5] })
summary.observe({ a: 'x' }, 1)
// @ts-expect-error not one of the label names
summary.observe({ b: 'x' }, 1)

// The metric is `this` in collect().
new Gauge({
  ...{ name, help, labelNames: ['a'] as const },
  collect() {
    expectTypeOf(this.set).toEqualTypeOf<Gauge<'a'>['set']>()
    this.set({ a: 'x' }, 1)
  },
})
new Counter({ name, help, collect: async () => {} })
gauge.collect = function () {
  this.set({ a: 'x' }, 1)
}
expectTypeOf<CollectFunction<Gauge<'a'>>>().thisParameter.toEqualTypeOf<Gauge<'a'>>()
expectTypeOf<CounterConfiguration<'a'>['aggregator']>().toEqualTypeOf<
  'sum' | 'first' | 'min' | 'max' | 'average' | 'omit' | undefined
>()
expectTypeOf<GaugeConfiguration<'a'>['labelNames']>().toEqualTypeOf<readonly 'a'[] | undefined>()
expectTypeOf<HistogramConfiguration<'a'>['buckets']>().toEqualTypeOf<
  readonly number[] | undefined
>()
// @ts-expect-error a help text is required
new Counter({ name })
// @ts-expect-error there is no such aggregator
new Counter({ name, help, aggregator: 'median' })

// Subclasses.
class Requests extends Counter<'method'> {
  constructor() {
    super({ name, help, labelNames: ['method'] })
  }
}
new Requests().inc({ method: 'GET' })

// Registries.
expectTypeOf(register).toEqualTypeOf<Registry>()
expectTypeOf(Registry.globalRegistry).toEqualTypeOf<Registry>()
expectTypeOf(register.metrics()).toEqualTypeOf<Promise<string>>()
expectTypeOf(new Registry().contentType).toEqualTypeOf<RegistryContentType>()
expectTypeOf(new Registry(openMetricsContentType)).toEqualTypeOf<Registry<OpenMetricsContentType>>()
expectTypeOf(Registry.PROMETHEUS_CONTENT_TYPE).toEqualTypeOf<PrometheusContentType>()
expectTypeOf(prometheusContentType).toEqualTypeOf<PrometheusContentType>()
expectTypeOf(contentType).toEqualTypeOf<RegistryContentType>()
expectTypeOf(register.getSingleMetric<'a'>('x')).toEqualTypeOf<Metric<'a'> | undefined>()
expectTypeOf(
  Registry.merge([register, new Registry(openMetricsContentType)]),
).toEqualTypeOf<Registry>()
new Counter({ name, help, registers: [new Registry(openMetricsContentType), register] })
for (const metric of [counter, plain, gauge, histogram]) {
  register.registerMetric(metric)
  expectTypeOf(metric).toExtend<Metric>()
}
register.registerMetric(summary)
const [first] = await register.getMetricsAsJSON()
expectTypeOf(first.values[0].value).toEqualTypeOf<number>()
expectTypeOf((await counter.get()).values[0].labels.code).toEqualTypeOf<
  string | number | undefined
>()
// @ts-expect-error there are two content types
new Registry('text/html')
// @ts-expect-error no metric
register.registerMetric({ name: 'x' })

// Clusters.
expectTypeOf(new AggregatorRegistry().clusterMetrics()).toEqualTypeOf<Promise<string>>()
expectTypeOf(ClusterRegistry).toEqualTypeOf<typeof AggregatorRegistry>()
expectTypeOf(new WorkerRegistry().workerMetrics()).toEqualTypeOf<Promise<string>>()
AggregatorRegistry.setRegistries([register, new Registry(openMetricsContentType)])
AggregatorRegistry.setRegistries(register)
expectTypeOf(AggregatorRegistry.aggregate([])).toEqualTypeOf<Registry<PrometheusContentType>>()

// All of it by one name, types too.
const typed: client.Counter<'a'> = new client.Counter({ name, help, labelNames: ['a'] })
typed.inc({ a: 1 })
expectTypeOf<client.Metric<'a'>>().toEqualTypeOf<Metric<'a'>>()
expectTypeOf(client.register).toEqualTypeOf(register)

expectTypeOf(linearBuckets(0, 1, 2)).toEqualTypeOf<number[]>()
expectTypeOf(exponentialBuckets(1, 2, 3)).toEqualTypeOf<number[]>()
expectTypeOf(validateMetricName).parameters.toEqualTypeOf<[name: string]>()
expectTypeOf(collectDefaultMetrics.metricsList).toEqualTypeOf<string[]>()
collectDefaultMetrics({ register: new Registry(openMetricsContentType), prefix: 'x_' })
const kept = new Registry()
const options: DefaultMetricsCollectorConfiguration<PrometheusContentType> = { register: kept }
collectDefaultMetrics(options)
