#pragma once

#if defined(TANDEM_STATIC)
#define TANDEM_API
#else
#define TANDEM_API __attribute__((visibility("default")))
#endif
