{
  # One binary per CPU for glibc and musl alike: no libstdc++.so, no versioned symbols; native/runtime.cc
  # supplies the few C++ runtime functions that remain. `-Dsanitize=` builds an ordinary, instrumented addon.
  'variables': { 'sanitize%': '' },
  'targets': [
    {
      'target_name': 'threadmeter',
      'sources': [
        'native/addon.cc',
        'native/addon_diagnostics.cc',
        'native/addon_meter.cc',
        'native/clock.cc',
        'native/mapping.cc',
        'native/meter_header.cc',
        'native/procfs.cc',
        'native/event_loop.cc',
        'native/interrupts.cc',
        'native/roles.cc',
        'native/registry.cc',
        'native/registry_tasks.cc',
        'native/tasks.cc',
        'native/task_figures.cc',
      ],
      'dependencies': ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
      'defines': ['NAPI_VERSION=8', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'defines!': ['_FILE_OFFSET_BITS=64'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-omit-frame-pointer'],
      'cflags_cc': ['-std=c++20', '-Wall', '-Wextra', '-fvisibility=hidden', '-fvisibility-inlines-hidden'],
      'ldflags': ['-Wl,-z,nodelete'],
      'conditions': [
        ['OS=="linux" and sanitize==""', {
          'sources': ['native/runtime.cc'],
          'cflags!': ['-O3'],
          'cflags_cc': [
            '-Os', '-flto', '-ffunction-sections', '-fdata-sections', '-fno-threadsafe-statics',
            '-U_FORTIFY_SOURCE', '-fno-stack-protector',
            # As the headers of Node 22 and later ask for: the binary is the same by those of 20.
            '-fno-strict-aliasing',
          ],
          'ldflags': [
            # Relative to build/, where the linker runs: an absolute path may hold spaces.
            '-nostdlib', '-Os', '-flto', '-Wl,--version-script=../native/exports.map',
            '-Wl,--gc-sections', '-Wl,-z,relro', '-Wl,-z,now', '-Wl,-z,noseparate-code',
            '-Wl,--hash-style=gnu', '-Wl,--build-id=none',
          ],
          'libraries': ['-l:libstdc++.a', '-lgcc'],
        }],
        # Outline atomics ask libgcc for __getauxval, which musl keeps to itself.
        ['OS=="linux" and target_arch=="arm64" and sanitize==""', {
          'cflags_cc': ['-mno-outline-atomics'],
        }],
        ['sanitize!=""', {
          'cflags_cc': ['-g', '-O1', '-fsanitize=<(sanitize)', '-fno-omit-frame-pointer', '-fno-sanitize-recover=all'],
          'ldflags': ['-fsanitize=<(sanitize)'],
        }],
      ],
    },
  ],
}
