// Text whose memory may be refused: letters can be large, and the application must outlive that.
#ifndef THREADMETER_TEXT_H_
#define THREADMETER_TEXT_H_

#include <cstddef>
#include <cstdlib>
#include <utility>

namespace threadmeter {

class Text {
 public:
  Text() = default;
  Text(Text&& other) noexcept { Swap(other); }
  Text& operator=(Text&& other) noexcept {
    Swap(other);
    return *this;
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { free(data_); }

  // Room for `size` bytes and a NUL behind them. False where there is no memory.
  bool Reserve(size_t size) {
    free(data_);
    data_ = static_cast<char*>(malloc(size + 1));
    size_ = data_ == nullptr ? 0 : size;
    return data_ != nullptr;
  }

  char* data() { return data_; }
  const char* data() const { return data_ == nullptr ? "" : data_; }
  size_t size() const { return size_; }

 private:
  void Swap(Text& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace threadmeter

#endif  // THREADMETER_TEXT_H_
