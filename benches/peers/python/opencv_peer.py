"""OpenCV: `gaussian` is the exact blur, `stack` a fast one that looks much alike."""

import cv2
import job

# A stack blur of radius r has the variance of a Gaussian of sigma r / √6.
STACK = 2 * round(job.SIGMA * 6**0.5) + 1


def blur(method, source, target, faces):
    photo = cv2.imread(source, cv2.IMREAD_COLOR)
    for x, y, width, height in faces:
        face = photo[y : y + height, x : x + width]
        if method == "stack":
            face[:] = cv2.stackBlur(face, (STACK, STACK))
        else:
            face[:] = cv2.GaussianBlur(face, (0, 0), job.SIGMA)
    settings = [cv2.IMWRITE_JPEG_QUALITY, job.QUALITY]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    if not cv2.imwrite(target, photo, settings):
        raise OSError(f"can't write {target}")


cv2.setNumThreads(1)
job.run(f"OpenCV {cv2.__version__}", blur)
